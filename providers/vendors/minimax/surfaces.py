"""MiniMax's addresses, credentials, and the limits of its smallest plan. Data.

MiniMax platform documents, video generation and "rate limits"; read 2026-11-20.
"""

from __future__ import annotations

from providers.core.base import API_KEY, Limits, Sandbox, Surface, Variables, by_slug

__all__ = ["SURFACES"]

LIMITS = Limits(max_in_flight=5, submits_per_minute=20)
"""20 submits a minute of Hailuo; H3 takes 300 and 30 at a time."""
VARIABLES = Variables(credentials={"api_key": ("MINIMAX_API_KEY",)}, address=("MINIMAX_API_HOST",))
"""As the vendor's own program reads them: https://github.com/MiniMax-AI/MiniMax-MCP, README; read 2026-11-29."""
SURFACES = by_slug(
    Surface(
        slug="china",
        label="MiniMax, mainland China",
        base_url="https://api.minimaxi.com",
        credentials=(API_KEY,),
        regional=True,
        limits=LIMITS,
        sandbox=Sandbox(path="/hosts/minimax", credentials={"api_key": "sk-sandbox-minimax"}),
        variables=VARIABLES,
        calls_back=True,
    ),
    Surface(
        slug="global",
        label="MiniMax, global",
        base_url="https://api.minimax.io",
        credentials=(API_KEY,),
        regional=True,
        limits=LIMITS,
        variables=VARIABLES,
        calls_back=True,
    ),
)
