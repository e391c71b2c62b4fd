"""Alibaba Cloud's DashScope (Model Studio): the Wan video models, and those of other makers there."""

from providers.vendors.dashscope.wire import DashScope

__all__ = ["DashScope"]
