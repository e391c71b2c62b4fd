"""Alibaba Cloud's DashScope (Model Studio): the Wan video models."""

from providers.vendors.dashscope.wire import DashScope

__all__ = ["DashScope"]
