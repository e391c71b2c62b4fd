"""Some models of OpenRouter, by what its list of models says of each. Administrators may declare the others. Data.

https://openrouter.ai/docs/guides/overview/multimodal/video-generation and the answer of `GET /videos/models`, as public clients keep it
(of 2026-08-27 and 2026-10-09); read 2026-11-29. The list says nothing about prompts or how many references a model takes.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, timedelta
from decimal import Decimal
from typing import Any, TypeVar

from providers.core.catalog import ImageRules, InputSlot, ModelSpec, Price, by_id
from providers.core.declared import Declaration, params_of

__all__ = ["DECLARABLE", "LISTED", "MODELS", "NOT_OFFERED", "READ_ELSEWHERE", "RESULT_LIFE", "declared_spec"]

SLUG = "openrouter"
DOCS_URL = "https://openrouter.ai/docs/guides/overview/multimodal/video-generation"
DOCS_READ = date(2026, 11, 29)
NOT_OFFERED = (
    "editing, upscaling and continuing a video",
    "`size`, which is another way to say resolution and aspect ratio; `provider` with its options for one vendor alone",
    "references other than images, and images by their addresses",
    "`GET /credits`, which needs a management key: only what is left of a key's own limit is shown",
)
READ_ELSEWHERE = (
    "the request, the answers, `GET /key`: the OpenAPI document of <https://github.com/OpenRouterTeam/typescript-sdk>@cb9393a, 2026-11-29",
    "that a file needs the key, and a last frame a first one: as measured by public clients in September 2026, read 2026-11-29",
)
RESULT_LIFE = timedelta(hours=1)
"""The vendor says "a short period" (the guide, "Zero Data Retention"); a public client fetched a file again after 18 minutes."""
MOST_PROMPT = 2_500
"""OpenRouter has no limit of its own: this is the shortest of those of the models' vendors (Kling)."""
IMAGES = ImageRules(formats=("image/jpeg", "image/png", "image/webp"))
FRAMES = {
    "first_frame": InputSlot(name="first_frame", title="First frame", rules=IMAGES),
    "last_frame": InputSlot(name="last_frame", title="Last frame", rules=IMAGES),
}
Value = TypeVar("Value", int, str)


DECLARABLE = ("durations", "resolutions", "aspect_ratios", "sound", "seed", "first_frame", "last_frame", "references")


def declared_spec(model: Declaration) -> ModelSpec:
    """Return a model of the list as the portal offers it."""
    slots = [slot for name, slot in FRAMES.items() if getattr(model, name)]
    if model.references:
        slots.append(InputSlot(name="references", title="Reference images", max_count=model.references, rules=IMAGES))
    return ModelSpec(
        model.id,
        model.label,
        params_of(model),
        tuple(slots),
        provider=SLUG,
        max_prompt_chars=model.max_prompt_chars,
        usual_s=(60, 300),
        poll_every=timedelta(seconds=15),
        result_life=RESULT_LIFE,
        price=model.price,
        retired=model.retired,
        docs_url=DOCS_URL,
        docs_read=model.declared_on,
    )


def _listed(name: str, label: str, lengths: Iterable[int], resolutions: str, shapes: str, **facts: Any) -> Declaration:
    """Return what the list says of a model, with our defaults first."""
    return Declaration(
        id=name,
        label=label,
        declared_on=DOCS_READ,
        durations=_first(5, lengths),
        resolutions=_first("720p", resolutions.split()),
        aspect_ratios=_first("16:9", shapes.split()),
        first_frame=True,
        max_prompt_chars=MOST_PROMPT,
        **facts,
    )


def _first(usual: Value, values: Iterable[Value]) -> tuple[Value, ...]:
    return tuple(sorted(values, key=lambda value: value != usual))


FIVE = "16:9 9:16 1:1 4:3 3:4"
LISTED = (
    _listed("google/veo-3.1", "Veo 3.1", (4, 6, 8), "720p 1080p 4K", "16:9 9:16", last_frame=True, sound=True, seed=True),
    _listed("google/veo-3.1-fast", "Veo 3.1 Fast", (4, 6, 8), "720p 1080p 4K", "16:9 9:16", last_frame=True, sound=True, seed=True),
    _listed(
        "bytedance/seedance-2.0",
        "Seedance 2.0",
        range(4, 16),
        "480p 720p 1080p 4K",
        f"{FIVE} 21:9 9:21",
        last_frame=True,
        sound=True,
        seed=True,
        references=9,
    ),
    _listed("alibaba/wan-3.0", "Wan 3.0", range(2, 31), "480p 720p 1080p", FIVE, sound=True, seed=True),
    _listed("kwaivgi/kling-v3.0-pro", "Kling 3.0 Pro", range(3, 16), "720p", "16:9 9:16 1:1", last_frame=True, sound=True),
    _listed("minimax/hailuo-3", "Hailuo 3", range(5, 16), "2K", f"{FIVE} 21:9", last_frame=True, sound=True),
    _listed("x-ai/grok-imagine-video", "Grok Imagine Video", range(1, 16), "480p 720p", f"{FIVE} 3:2 2:3"),
    _listed(
        "runway/gen-4.5",
        "Runway Gen-4.5",
        range(2, 11),
        "720p",
        "16:9 9:16",
        seed=True,
        price=Price(amount=Decimal("0.12"), unit="second", currency="USD"),
    ),
)
MODELS = by_id(*map(declared_spec, LISTED))
