"""OpenRouter: many vendors' models behind one key, through its videos API."""

from providers.vendors.openrouter.wire import OpenRouter

__all__ = ["OpenRouter"]
