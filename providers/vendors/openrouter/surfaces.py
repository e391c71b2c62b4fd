"""OpenRouter's address and credentials. Data.

https://openrouter.ai/docs/guides/overview/multimodal/video-generation; read 2026-11-29. The base URL holds /api/v1.
"""

from __future__ import annotations

from providers.core.base import API_KEY, CredentialField, Sandbox, Surface, Variables, by_slug

__all__ = ["SIGNING_SECRET", "SURFACES"]

SIGNING_SECRET = CredentialField(
    name="signing_secret",
    label="Signing secret",
    optional=True,
    help="Needed if the workspace settings have one. Callbacks must then carry its signature.",
)
SURFACES = by_slug(
    Surface(
        slug="openrouter",
        label="OpenRouter",
        base_url="https://openrouter.ai/api/v1",
        credentials=(API_KEY, SIGNING_SECRET),
        help="One key for the models of many vendors. The address includes /api/v1.",
        variables=Variables(
            credentials={"api_key": ("OPENROUTER_API_KEY",), "signing_secret": ("OPENROUTER_SIGNING_SECRET",)},
            address=("OPENROUTER_BASE_URL",),
        ),
        sandbox=Sandbox(path="/hosts/openrouter/api/v1", credentials={"api_key": "sk-or-sandbox"}),
        calls_back=True,
    )
)
