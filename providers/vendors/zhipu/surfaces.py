"""Zhipu's addresses, credentials and limits. Data.

Zhipu open platform documents, "video generation"; read 2026-11-20. The base URL holds /api/paas/v4, as the vendor's pages and its SDKs give
it.
"""

from __future__ import annotations

from providers.core.base import API_KEY, Limits, Sandbox, Surface, Variables, by_slug

__all__ = ["SURFACES"]

LIMITS = Limits(max_in_flight=1)
"""CogVideoX renders one at a time, Vidu five: as seen with one account, the vendor publishes no figures. 2026-11-20."""
SURFACES = by_slug(
    Surface(
        slug="cn",
        label="Zhipu, China",
        base_url="https://open.bigmodel.cn/api/paas/v4",
        credentials=(API_KEY,),
        help="Keys look like id.secret.",
        variables=Variables(credentials={"api_key": ("ZHIPUAI_API_KEY",)}, address=("ZHIPUAI_BASE_URL",)),
        regional=True,
        limits=LIMITS,
        sandbox=Sandbox(path="/hosts/zhipu/api/paas/v4", credentials={"api_key": "simid.simsecret0000000000"}),
    ),
    Surface(
        slug="intl",
        label="Z.ai, international",
        base_url="https://api.z.ai/api/paas/v4",
        credentials=(API_KEY,),
        help="A key of Z.ai; keys of the Chinese platform are not known there.",
        variables=Variables(credentials={"api_key": ("ZAI_API_KEY",)}, address=("ZAI_BASE_URL",)),
        regional=True,
        limits=LIMITS,
    ),
)
