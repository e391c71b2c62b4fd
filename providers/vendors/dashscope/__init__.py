"""Alibaba Cloud's DashScope (Model Studio): the wanx2.1 video models."""

from providers.vendors.dashscope.wire import DashScope

__all__ = ["DashScope"]
