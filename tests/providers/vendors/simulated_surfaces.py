"""Where each surface is in the simulator, for tests of vendors, and a client for it."""

from __future__ import annotations

import asyncio
from typing import Any

from providers.core.catalog import ModelSpec
from providers.core.client import BlockingClient
from providers.core.errors import ProviderError
from providers.core.polling import poll_all
from providers.core.transport import ConcurrentTransport, Timeouts
from providers.core.types import GenerationRequest, Snapshot, Submission
from providers.simulator.testing import SimulatorProcess
from tests.providers.vendors.vendor_samples import make_provider, make_request

PATIENT = Timeouts(connect_s=10, read_s=30)
SIMULATED = {
    "official-jwt": ("kling", "hosts/kling"),
    "official-key": ("kling", "hosts/kling"),
    "gateway": ("kling", "hosts/dmxapi"),
    "beijing": ("dashscope", "hosts/dashscope/api/v1"),
    "singapore": ("dashscope", "hosts/dashscope-intl/api/v1"),
    "us": ("dashscope", "hosts/dashscope-us/api/v1"),
    "cn": ("zhipu", "hosts/zhipu/api/paas/v4"),
    "official": ("volcvisual", "hosts/volcvisual"),
    "local": ("cogvideox", "hosts/cogvideox"),
    "web": ("jimeng", "hosts/jimeng"),
    "volcengine": ("ark", "hosts/ark/api/v3"),
    "byteplus": ("ark", "hosts/byteplus/api/v3"),
    "compatible": ("openai-videos", "hosts/openai/v1"),
    "china": ("minimax", "hosts/minimax"),
    "mainland": ("vidu", "hosts/vidu"),
    "openrouter": ("openrouter", "hosts/openrouter/api/v1"),
}
MODELS = {
    "kling": "kling/kling-v2-5-turbo",
    "dashscope": "dashscope/wanx2.1-t2v-turbo",
    "zhipu": "zhipu/cogvideox-3",
    "volcvisual": "volcvisual/jimeng_t2v_v30",
    "cogvideox": "cogvideox/cogvideox-2b",
    "jimeng": "jimeng/jimeng-video-2.0",
    "ark": "ark/doubao-seedance-1-0-pro-250528",
    "openai-videos": "openai-videos/gateway-model",
    "minimax": "minimax/MiniMax-H3",
    "vidu": "vidu/viduq3-turbo",
    "openrouter": "openrouter/google/veo-3.1",
}
"""The model with which a vendor's surfaces are tested."""
MODELS_AT = {"us": "dashscope/wan2.6-t2v-us"}
"""The model instead, at a surface that does not have that one."""
KEYS = {"singapore": "sk-intl-portal-test", "byteplus": "sk-intl-portal-test", "us": "sk-us-portal-test"}
"""Keys of regions that do not know each other's."""


def first_surface(slug: str) -> str:
    """Return the vendor's first surface."""
    return next(surface for surface, (vendor, _path) in SIMULATED.items() if vendor == slug)


def surface_of(spec: ModelSpec) -> str:
    """Return a surface that offers the model."""
    return spec.surfaces[0] if spec.surfaces else first_surface(spec.provider)


def client_at(simulator: SimulatorProcess, surface: str, *, timeouts: Timeouts = PATIENT, **keys: Any) -> BlockingClient:
    slug, path = SIMULATED[surface]
    if surface in KEYS:
        keys = {"api_key": KEYS[surface]} | keys
    return BlockingClient(provider=make_provider(slug, surface, f"{simulator.url}/{path}", **keys), timeouts=timeouts)


def model_at(surface: str) -> str:
    """Return the model with which the surface is tested."""
    return MODELS_AT.get(surface, MODELS[SIMULATED[surface][0]])


def a_request(surface: str, prompt: str = "a boat", **facts) -> GenerationRequest:
    return make_request(model_at(surface), prompt=prompt, **facts)


def ask(client: BlockingClient, submissions: list[Submission]) -> list[Snapshot | ProviderError]:
    """Poll all at once, as the worker does: together where the vendor answers for many."""

    async def run() -> list[Snapshot | ProviderError]:
        async with ConcurrentTransport(timeouts=PATIENT) as transport:
            return await poll_all(client.provider, submissions, transport)

    return asyncio.run(run())


def paid(simulator: SimulatorProcess) -> int:
    return simulator.ledger(entries=False)["count"]
