"""Vidu's addresses, credentials and limits. Data.

Vidu platform documents, both sites, and the concurrency of its packages (https://platform.vidu.cn/docs/pricing); read 2026-11-29.
"""

from __future__ import annotations

from providers.core.base import API_KEY, Limits, Sandbox, Surface, Variables, by_slug

__all__ = ["SURFACES"]

LIMITS = Limits(max_in_flight=5)
"""What a package of credits allows."""
VARIABLES = Variables(credentials={"api_key": ("VIDU_API_KEY",)}, address=("VIDU_BASE_URL", "VIDU_API_HOST"))
"""Vidu has no SDK; the names are those of programs that call it. Read 2026-11-29."""
SURFACES = by_slug(
    Surface(
        slug="mainland",
        label="Vidu, mainland China",
        base_url="https://api.vidu.cn",
        credentials=(API_KEY,),
        help="Use a key of platform.vidu.cn. Keys of platform.vidu.com do not work here.",
        regional=True,
        limits=LIMITS,
        sandbox=Sandbox(path="/hosts/vidu", credentials={"api_key": "vda_sandbox_vidu"}),
        variables=VARIABLES,
        calls_back=True,
    ),
    Surface(
        slug="abroad",
        label="Vidu, global",
        base_url="https://api.vidu.com",
        credentials=(API_KEY,),
        help="Use a key of platform.vidu.com. Keys of platform.vidu.cn do not work here.",
        regional=True,
        limits=LIMITS,
        variables=VARIABLES,
        calls_back=True,
    ),
)
