"""What the portal is asked for: accounts of every vendor and surface that stand before a kind's listener, and tasks for them."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from itertools import cycle

from django.contrib.auth.models import User
from django.utils import timezone

from generation.models import GenerationTask
from generation.services.create import create_task
from providers.accounts import set_credentials
from providers.models import ProviderAccount

__all__ = ["VENDORS", "open_accounts", "order"]

KEY = {"api_key": "sk-portal-test"}
PAIR = {"access_key": "sim-access", "secret_key": "sim-secret"}
COOKIE = {"cookie": "sessionid=sim-session-000000000000; uid=7", "sign": "computed"}
DOORS: Mapping[str, tuple[tuple[str, str, Mapping[str, str]], ...]] = {
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
}
"""Surface, the simulator's path, credentials. Two accounts where there can be: what one may have accepted, another could buy again."""
VENDORS = tuple(DOORS)
_MODELS = {
    vendor: cycle(models)
    for vendor, models in {
        "kling": ("kling/kling-v1", "kling/kling-3.0", "kling/kling-v2-5-turbo"),
        "dashscope": ("dashscope/wanx2.1-t2v-turbo", "dashscope/wan2.6-t2v-us", "dashscope/wan2.5-t2v-preview"),
        "zhipu": ("zhipu/cogvideox-3", "zhipu/viduq1-text"),
        "volcvisual": ("volcvisual/jimeng_t2v_v30", "volcvisual/jimeng_ti2v_v30_pro"),
        "cogvideox": ("cogvideox/cogvideox-2b",),
        "jimeng": ("jimeng/jimeng-video-2.0", "jimeng/jimeng-video-3.0"),
        "ark": ("ark/doubao-seedance-1-5-pro-251215", "ark/doubao-seedance-1-0-pro-250528"),
        "openai-videos": ("openai-videos/sora-2",),
        "minimax": ("minimax/MiniMax-H3", "minimax/MiniMax-Hailuo-02"),
    }.items()
}


def open_accounts(vendor: str, kind: str, base_url: str) -> None:
    """Let this vendor's tasks go to this kind's listener from now on, and nowhere else. The accounts rest until the wave's first step, so
    that no task looks for a place alone.
    """
    ProviderAccount.objects.filter(vendor=vendor).update(enabled=False)
    for number, (surface, path, credentials) in enumerate(DOORS[vendor]):
        account = ProviderAccount(
            vendor=vendor,
            surface=surface,
            label=f"{vendor} {kind} {number}",
            base_url=f"{base_url}/{path}",
            sandbox=True,
            max_in_flight=10_000,
            submits_per_minute=100_000,
            polls_per_second=1000,
            connect_timeout_s=1,
            read_timeout_s=1,
            cooldown_until=timezone.now() + timedelta(hours=1),
        )
        set_credentials(account, credentials)
        account.save()


def order(owner: User, vendor: str, kind: str, number: int) -> GenerationTask:
    """Create a task of the vendor's next model. Its prompt tells the server kind and number."""
    return create_task(owner=owner, model=next(_MODELS[vendor]), prompt=f"hostile {kind} {number:06d} a kite over the sea", params={})
