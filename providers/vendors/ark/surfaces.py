"""Where Ark is reached and with what, and what its smallest plan allows. Data.

Volcengine Ark documents, "video generation API" and "rate limits"; read 2026-11-20. The base URL holds /api/v3.
"""

from __future__ import annotations

from providers.core.base import CredentialField, Limits, Sandbox, Surface

__all__ = ["SURFACES"]

API_KEY = CredentialField(name="api_key", label="API key")
LIMITS = Limits(max_in_flight=3, submits_per_minute=180)
"""Of a personal account; a company's renders ten at a time and takes 600 a minute."""
SURFACES = (
    Surface(
        slug="volcengine",
        label="Volcengine Ark, Beijing",
        base_url="https://ark.cn-beijing.volces.com/api/v3",
        credentials=(API_KEY,),
        regional=True,
        limits=LIMITS,
        sandbox=Sandbox(path="/hosts/ark/api/v3", credentials={"api_key": "sk-sandbox-ark"}),
        calls_back=True,
    ),
    Surface(
        slug="byteplus",
        label="BytePlus ModelArk",
        base_url="https://ark.ap-southeast.bytepluses.com/api/v3",
        credentials=(API_KEY,),
        regional=True,
        limits=LIMITS,
        sandbox=Sandbox(path="/hosts/byteplus/api/v3", credentials={"api_key": "sk-intl-sandbox-ark"}, priority=20),
        calls_back=True,
    ),
)
