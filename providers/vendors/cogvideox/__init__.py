"""CogVideoX-2b on a self-hosted service."""

from providers.vendors.cogvideox.wire import CogVideoX

__all__ = ["CogVideoX"]
