"""Jimeng as Volcengine sells it: the supported way to the models of jimeng.jianying.com."""

from providers.vendors.volcvisual.wire import VolcVisual

__all__ = ["VolcVisual"]
