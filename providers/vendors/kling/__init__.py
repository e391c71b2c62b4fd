"""Kling's classic video API, also as gateways resell it."""

from providers.vendors.kling.wire import Kling

__all__ = ["Kling"]
