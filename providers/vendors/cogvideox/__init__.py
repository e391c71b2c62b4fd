"""CogVideoX-2b on a machine of one's own."""

from providers.vendors.cogvideox.wire import CogVideoX

__all__ = ["CogVideoX"]
