"""DashScope's addresses, credentials, and the limits of most models. Data.

Model Studio documents, API references and "rate limits"; read 2026-11-20. The base URL holds /api/v1, as the vendor's pages and its SDK
give it.
"""

from __future__ import annotations

from collections.abc import Mapping

from providers.core.base import API_KEY, CredentialField, Limits, Sandbox, Surface, Variables, by_slug

__all__ = ["SURFACES"]

WORKSPACE = CredentialField(
    name="workspace",
    label="Workspace ID",
    secret=False,
    optional=True,
    help="Only for a key that may use several workspaces: which of them renders and is billed.",
)
"""Sent as a header with every call, as the vendor's SDK does (dashscope 2.0.2, client/base_api.py; read 2026-11-21)."""
VARIABLES = Variables(
    credentials={"api_key": ("DASHSCOPE_API_KEY", "ALIYUN_API_KEY"), "workspace": ("DASHSCOPE_WORKSPACE",)},
    address=("DASHSCOPE_HTTP_BASE_URL",),
)
"""Key and address as dashscope 2.0.2 reads them (common/env.py); the second name is that of programs for several vendors."""
NO_NAMES: Mapping[str, str] = {}
LIMITS = Limits(max_in_flight=2, submits_per_minute=120, submits_per_second=2, polls_per_second=20)
"""Two at a time and two submits a second, of most Wan models; 20 questions a second of the whole account."""
HELP = (
    "Key and endpoint belong to one region. A workspace's own address works too: https://{WorkspaceId}.{region}.maas.aliyuncs.com/api/v1, "
    "where the region is cn-beijing, ap-southeast-1, us-east-1 or cn-hongkong."
)
"""Regions by dashscope 2.0.2, `set_region`; read 2026-11-21. The vendor recommends them; the older addresses stay."""


IN_BEIJING: Mapping[str, str] = {
    **{
        model: f"vidu/{model}"
        for model in (
            "viduq3-pro_text2video",
            "viduq3-turbo_text2video",
            "viduq3-pro_img2video",
            "viduq3-turbo_img2video",
            "viduq3-pro_start-end2video",
            "viduq3-turbo_start-end2video",
            "viduq3-mix_reference2video",
            "viduq3_reference2video",
            "viduq3-turbo_reference2video",
        )
    },
    "minimax-h3": "MiniMax/MiniMax-H3",
}
"""Models of other makers have their maker's name before their own."""
IN_SINGAPORE: Mapping[str, str] = {
    "wanx2.1-t2v-turbo": "wan2.1-t2v-turbo",
    "wanx2.1-t2v-plus": "wan2.1-t2v-plus",
    "wanx2.1-i2v-turbo": "wan2.1-i2v-turbo",
    "wanx2.1-i2v-plus": "wan2.1-i2v-plus",
    "wanx2.1-kf2v-plus": "wan2.1-kf2v-plus",
}
"""Sources are in `READ_ELSEWHERE` of catalog.py."""


def _surface(slug: str, label: str, host: str, sandbox: Sandbox | None = None, names: Mapping[str, str] = NO_NAMES) -> Surface:
    return Surface(
        slug=slug,
        label=label,
        base_url=f"https://{host}/api/v1",
        credentials=(API_KEY, WORKSPACE),
        help=HELP,
        regional=True,
        limits=LIMITS,
        sandbox=sandbox,
        names=names,
        variables=VARIABLES,
        takes_names=True,
    )


def _sandbox(priority: int, host: str = "dashscope", key: str = "sk-sandbox-dashscope") -> Sandbox:
    return Sandbox(path=f"/hosts/{host}/api/v1", credentials={"api_key": key}, priority=priority)


SURFACES = by_slug(
    _surface("beijing", "DashScope, Beijing", "dashscope.aliyuncs.com", _sandbox(10), IN_BEIJING),
    _surface(
        "singapore",
        "DashScope, Singapore",
        "dashscope-intl.aliyuncs.com",
        _sandbox(30, "dashscope-intl", "sk-intl-sandbox-dashscope"),
        IN_SINGAPORE,
    ),
    _surface("us", "DashScope, US (Virginia)", "dashscope-us.aliyuncs.com", _sandbox(20, "dashscope-us", "sk-us-sandbox-dashscope")),
    _surface("hongkong", "DashScope, Hong Kong", "cn-hongkong.dashscope.aliyuncs.com"),
)
