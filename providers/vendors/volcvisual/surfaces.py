"""Addresses and credentials of Volcengine's visual service: the vendor with a key pair, gateways with an API key. Data.

Volcengine documents, visual service; read 2026-11-20.
"""

from __future__ import annotations

from providers.core.base import API_KEY, KEY_PAIR, Limits, Sandbox, Surface, Variables, by_slug

__all__ = ["GATEWAY", "SURFACES"]

GATEWAY = "gateway"
SURFACES = by_slug(
    Surface(
        slug="official",
        label="Jimeng on Volcengine",
        base_url="https://visual.volcengineapi.com",
        credentials=KEY_PAIR,
        help="Free accounts render one video at a time, paid ones two.",
        limits=Limits(max_in_flight=1),
        variables=Variables(credentials={"access_key": ("VOLC_ACCESSKEY",), "secret_key": ("VOLC_SECRETKEY",)}),
        sandbox=Sandbox(path="/hosts/volcvisual", credentials={"access_key": "sim-access", "secret_key": "sim-secret"}),
    ),
    Surface(
        slug=GATEWAY,
        label="Jimeng through a gateway",
        base_url="",
        credentials=(API_KEY,),
        help="The gateway's host alone: /jimeng is added to the path.",
        limits=Limits(max_in_flight=2),
    ),
)
