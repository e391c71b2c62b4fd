"""Where the vendors are in the simulator, and what is ordered there. Imports nothing, so that a command can list it without a portal."""

from __future__ import annotations

from collections.abc import Mapping

__all__ = ["MODELS", "SURFACES", "VENDORS"]

KEY = {"api_key": "sk-portal-test"}
PAIR = {"access_key": "sim-access", "secret_key": "sim-secret"}
COOKIE = {"cookie": "sessionid=sim-session-000000000000; uid=7", "sign": "computed"}
SURFACES: Mapping[str, tuple[tuple[str, str, Mapping[str, str]], ...]] = {
    "kling": (
        ("official-jwt", "hosts/kling", PAIR),
        ("official-key", "hosts/kling", KEY),
        ("gateway", "hosts/dmxapi", KEY),
    ),
    "dashscope": (
        ("beijing", "hosts/dashscope/api/v1", KEY),
        ("singapore", "hosts/dashscope-intl/api/v1", {"api_key": "sk-intl-portal-test"}),
        ("us", "hosts/dashscope-us/api/v1", {"api_key": "sk-us-portal-test"}),
    ),
    "zhipu": (
        ("cn", "hosts/zhipu/api/paas/v4", {"api_key": "simid.simsecret0000000000"}),
        ("intl", "hosts/zhipu/api/paas/v4", {"api_key": "other.secret-of-other"}),
    ),
    "volcvisual": (
        ("official", "hosts/volcvisual", PAIR),
        ("official", "hosts/volcvisual", {"access_key": "ak-two", "secret_key": "sk-two"}),
    ),
    "cogvideox": (("local", "hosts/cogvideox", {}), ("local", "hosts/cogvideox-sync", {})),
    "jimeng": (("web", "hosts/jimeng", COOKIE),),
    "ark": (
        ("volcengine", "hosts/ark/api/v3", KEY),
        ("byteplus", "hosts/byteplus/api/v3", {"api_key": "sk-intl-portal-test"}),
    ),
    "openai-videos": (("compatible", "hosts/openai/v1", KEY), ("compatible", "hosts/openai/v1", {"api_key": "sk-second-portal-test"})),
    "minimax": (("china", "hosts/minimax", KEY), ("global", "hosts/minimax", {"api_key": "sk-second-portal-test"})),
    "vidu": (("mainland", "hosts/vidu", KEY), ("abroad", "hosts/vidu", {"api_key": "sk-second-portal-test"})),
    "openrouter": (
        ("openrouter", "hosts/openrouter/api/v1", KEY),
        ("openrouter", "hosts/openrouter/api/v1", {"api_key": "sk-second-portal-test"}),
    ),
}
"""Surface, the simulator's path, credentials. Two accounts where there can be: what one may have accepted, another could buy again."""
VENDORS = tuple(SURFACES)
MODELS: Mapping[str, tuple[str, ...]] = {
    "kling": ("kling/kling-v2-6", "kling/kling-3.0", "kling/kling-v2-5-turbo"),
    "dashscope": ("dashscope/wanx2.1-t2v-turbo", "dashscope/wan2.6-t2v-us", "dashscope/wan2.5-t2v-preview"),
    "zhipu": ("zhipu/cogvideox-3", "zhipu/viduq1-text"),
    "volcvisual": ("volcvisual/jimeng_t2v_v30", "volcvisual/jimeng_ti2v_v30_pro"),
    "cogvideox": ("cogvideox/cogvideox-2b",),
    "jimeng": ("jimeng/jimeng-video-2.0", "jimeng/jimeng-video-3.0"),
    "ark": ("ark/doubao-seedance-2-0-260128", "ark/doubao-seedance-1-0-pro-250528"),
    "openai-videos": ("openai-videos/sora-2",),
    "minimax": ("minimax/MiniMax-H3", "minimax/MiniMax-Hailuo-02"),
    "vidu": ("vidu/viduq3-turbo", "vidu/viduq2"),
    "openrouter": ("openrouter/google/veo-3.1", "openrouter/runway/gen-4.5"),
}
"""Used in turn, so that every API of a vendor meets every kind."""
