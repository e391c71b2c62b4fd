"""Jimeng as its web site speaks: unofficial. The supported way to the same models is Volcengine's visual service."""

from providers.vendors.jimeng.wire import Jimeng

__all__ = ["Jimeng"]
