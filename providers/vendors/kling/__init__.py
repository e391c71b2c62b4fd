"""Kling's video API: the classic one, also as gateways resell it, and the new one."""

from providers.vendors.kling.wire import Kling

__all__ = ["Kling"]
