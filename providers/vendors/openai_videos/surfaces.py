"""Addresses and credentials of the OpenAI Videos API: gateways, and OpenAI until it closed. Data.

OpenAI's video generation guide; read 2026-11-20. The base URL holds /v1.
"""

from __future__ import annotations

from providers.core.base import API_KEY, Sandbox, Surface, Variables, by_slug
from providers.vendors.openai_videos.catalog import GATEWAY

__all__ = ["SURFACES"]

SURFACES = by_slug(
    Surface(
        slug=GATEWAY,
        label="OpenAI Videos, compatible service",
        base_url="https://gateway.example.com/v1",
        credentials=(API_KEY,),
        help="The gateway's address, including /v1: LiteLLM, new-api, another portal.",
        variables=Variables(credentials={"api_key": ("OPENAI_API_KEY",)}, address=("OPENAI_BASE_URL",), address_needed=True),
        sandbox=Sandbox(path="/hosts/openai/v1", credentials={"api_key": "sk-sandbox-openai-videos"}),
    ),
    Surface(slug="openai", label="OpenAI", base_url="https://api.openai.com/v1", credentials=(API_KEY,), help="Closed on 2026-09-24."),
)
