"""Ark's addresses, credentials, and the limits of its smallest plan. Data.

Volcengine Ark documents, "video generation API" and "rate limits"; read 2026-11-20. The base URL holds /api/v3. A model may be asked for
by the id of an endpoint of one's own, `ep-...`.
"""

from __future__ import annotations

from collections.abc import Mapping

from providers.core.base import API_KEY, Limits, Sandbox, Surface, Variables, by_slug

__all__ = ["SURFACES"]

LIMITS = Limits(max_in_flight=3, submits_per_minute=180)
"""Of a personal account; a company's renders ten at a time and takes 600 a minute."""
ADDRESS = ("ARK_BASE_URL",)
VARIABLES = Variables(credentials={"api_key": ("ARK_API_KEY",)}, address=ADDRESS)
"""Read by both SDKs (volcengine-python-sdk, volcenginesdkarkruntime/_client.py, 2026-07-23); the address by programs that use them."""
VARIABLES_ABROAD = Variables(credentials={"api_key": ("BYTEPLUS_API_KEY", "ARK_API_KEY")}, address=ADDRESS)
ABROAD: Mapping[str, str] = {
    "doubao-seedance-2-5-260628": "dreamina-seedance-2-5-260628",
    "doubao-seedance-2-0-260128": "dreamina-seedance-2-0-260128",
    "doubao-seedance-2-0-fast-260128": "dreamina-seedance-2-0-fast-260128",
    "doubao-seedance-2-0-mini-260615": "dreamina-seedance-2-0-mini-260615",
    "doubao-seedance-1-0-pro-250528": "seedance-1-0-pro-250528",
    "doubao-seedance-1-0-pro-fast-251015": "seedance-1-0-pro-fast-251015",
}
"""What BytePlus calls the models; sources are in `READ_ELSEWHERE` of catalog.py."""
SURFACES = by_slug(
    Surface(
        slug="volcengine",
        label="Volcengine Ark, Beijing",
        base_url="https://ark.cn-beijing.volces.com/api/v3",
        credentials=(API_KEY,),
        regional=True,
        limits=LIMITS,
        sandbox=Sandbox(path="/hosts/ark/api/v3", credentials={"api_key": "sk-sandbox-ark"}),
        calls_back=True,
        variables=VARIABLES,
        takes_names=True,
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
        names=ABROAD,
        variables=VARIABLES_ABROAD,
        takes_names=True,
    ),
)
