"""MiniMax: the Hailuo models and their forerunners (v1), and the H3 models (v2)."""

from providers.vendors.minimax.wire import MiniMax

__all__ = ["MiniMax"]
