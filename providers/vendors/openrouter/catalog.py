"""Some models of OpenRouter: what its list of models says of each, and the Params class and ModelSpec that follow from it. Data.

https://openrouter.ai/docs/guides/overview/multimodal/video-generation and the answer of `GET /videos/models`, as public clients keep it
(of 2026-08-27 and 2026-10-09); read 2026-11-29. The list says nothing of prompts and of how many references a model takes.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import Any, ClassVar, Literal

from pydantic import create_model

from providers.core.catalog import ImageRules, InputSlot, ModelSpec, Params, Price, by_id, param
from providers.core.rules import FRAMES_OR_REFERENCES, LAST_NEEDS_FIRST, Rule

__all__ = ["MODELS", "NOT_OFFERED", "READ_ELSEWHERE", "RESULT_LIFE", "Capabilities", "spec_of"]

SLUG = "openrouter"
DOCS_URL = "https://openrouter.ai/docs/guides/overview/multimodal/video-generation"
DOCS_READ = date(2026, 11, 29)
NOT_OFFERED = (
    "the other models of its list; editing, upscaling and continuing a video",
    "`size`, which is another way to say resolution and aspect ratio; `provider` with its options for one vendor alone",
    "references other than images, and images by their addresses",
    "`GET /credits`, which asks for a management key: only what is left of a key's own limit is shown",
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
BOTH, FIRST = ("first_frame", "last_frame"), ("first_frame",)


@dataclass(frozen=True, kw_only=True)
class Capabilities:
    """What OpenRouter's list says of one model, and how many reference images it takes; `usd_per_s` where one price holds for all."""

    id: str
    label: str
    durations: range | tuple[int, ...]
    resolutions: tuple[str, ...]
    shapes: tuple[str, ...]
    frames: tuple[str, ...]
    sound: bool = False
    seed: bool = False
    references: int = 0
    usd_per_s: str = ""


class WithLastFrame(Params):
    """What models take that end at an image."""

    rules: ClassVar[tuple[Rule, ...]] = (LAST_NEEDS_FIRST,)


class WithReferences(Params):
    """What models take that end at an image or follow references. OpenRouter drops references beside frames."""

    rules: ClassVar[tuple[Rule, ...]] = (LAST_NEEDS_FIRST, FRAMES_OR_REFERENCES)


def params_of(model: Capabilities) -> type[Params]:
    """Return the options of a model: a field for each thing that the list gives a choice of."""
    at_first = "720p" if "720p" in model.resolutions else model.resolutions[0]
    fields: dict[str, Any] = {
        "duration_s": _duration(model.durations),
        "aspect_ratio": (Literal[model.shapes], param("16:9", "Aspect ratio", main=True)),
        "resolution": (Literal[model.resolutions], param(at_first, "Resolution", main=True)),
    }
    if model.sound:
        fields["with_audio"] = (bool, param(True, "Sound", "Render sound too.", main=True))
    if model.seed:
        words = "The same seed gives similar videos; leave empty for chance."
        fields["seed"] = (int | None, param(None, "Seed", words, ge=0, le=2_147_483_647))
    base = WithReferences if model.references else WithLastFrame if "last_frame" in model.frames else Params
    name = "".join(filter(str.isalnum, model.id.title()))
    return create_model(f"{name}Params", __base__=base, __module__=__name__, __doc__=f"{model.id}.", **fields)


def spec_of(model: Capabilities) -> ModelSpec:
    """Return the model as the portal offers it."""
    slots = [FRAMES[name] for name in model.frames]
    if model.references:
        slots.append(InputSlot(name="references", title="Reference images", max_count=model.references, rules=IMAGES))
    return ModelSpec(
        model.id,
        model.label,
        params_of(model),
        tuple(slots),
        provider=SLUG,
        max_prompt_chars=MOST_PROMPT,
        usual_s=(60, 300),
        poll_every=timedelta(seconds=15),
        result_life=RESULT_LIFE,
        price=Price(amount=Decimal(model.usd_per_s), unit="second", currency="USD") if model.usd_per_s else None,
        docs_url=DOCS_URL,
        docs_read=DOCS_READ,
    )


def _duration(lengths: range | tuple[int, ...]) -> tuple[Any, Any]:
    """Return type and field: any whole number of a range, or one of a few."""
    usual = 5 if 5 in lengths else lengths[0]
    words: dict[str, Any] = {"unit": "s", "main": True}
    if isinstance(lengths, range):
        return int, param(usual, "Duration", "Length of the video.", **words, ge=lengths[0], le=lengths[-1])
    return Literal[lengths], param(usual, "Duration", "Length of the video.", **words)


WIDE = ("16:9", "9:16")
FIVE = (*WIDE, "1:1", "4:3", "3:4")
LISTED = (
    Capabilities(
        id="google/veo-3.1",
        label="Veo 3.1",
        durations=(4, 6, 8),
        resolutions=("720p", "1080p", "4K"),
        shapes=WIDE,
        frames=BOTH,
        sound=True,
        seed=True,
    ),
    Capabilities(
        id="google/veo-3.1-fast",
        label="Veo 3.1 Fast",
        durations=(4, 6, 8),
        resolutions=("720p", "1080p", "4K"),
        shapes=WIDE,
        frames=BOTH,
        sound=True,
        seed=True,
    ),
    Capabilities(
        id="bytedance/seedance-2.0",
        label="Seedance 2.0",
        durations=range(4, 16),
        resolutions=("480p", "720p", "1080p", "4K"),
        shapes=(*FIVE, "21:9", "9:21"),
        frames=BOTH,
        sound=True,
        seed=True,
        references=9,
    ),
    Capabilities(
        id="alibaba/wan-3.0",
        label="Wan 3.0",
        durations=range(2, 31),
        resolutions=("480p", "720p", "1080p"),
        shapes=FIVE,
        frames=FIRST,
        sound=True,
        seed=True,
    ),
    Capabilities(
        id="kwaivgi/kling-v3.0-pro",
        label="Kling 3.0 Pro",
        durations=range(3, 16),
        resolutions=("720p",),
        shapes=(*WIDE, "1:1"),
        frames=BOTH,
        sound=True,
    ),
    Capabilities(
        id="minimax/hailuo-3",
        label="Hailuo 3",
        durations=range(5, 16),
        resolutions=("2K",),
        shapes=(*FIVE, "21:9"),
        frames=BOTH,
        sound=True,
    ),
    Capabilities(
        id="x-ai/grok-imagine-video",
        label="Grok Imagine Video",
        durations=range(1, 16),
        resolutions=("480p", "720p"),
        shapes=(*FIVE, "3:2", "2:3"),
        frames=FIRST,
    ),
    Capabilities(
        id="runway/gen-4.5",
        label="Runway Gen-4.5",
        durations=range(2, 11),
        resolutions=("720p",),
        shapes=WIDE,
        frames=FIRST,
        seed=True,
        usd_per_s="0.12",
    ),
)
MODELS = by_id(*map(spec_of, LISTED))
