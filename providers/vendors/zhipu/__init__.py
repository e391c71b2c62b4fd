"""Zhipu's video models: CogVideoX and Vidu."""

from providers.vendors.zhipu.wire import Zhipu

__all__ = ["Zhipu"]
