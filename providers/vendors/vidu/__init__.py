"""Vidu: the Q2 and Q3 models at the vendor's own API."""

from providers.vendors.vidu.wire import Vidu

__all__ = ["Vidu"]
