"""The models of the OpenAI Videos API: OpenAI's own, and any model of a gateway by its name there. Data.

OpenAI's video generation guide and SDK; read 2026-11-20. OpenAI closed the API on 2026-09-24; gateways go on speaking it.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, timedelta
from functools import partial
from typing import Literal

from providers.core.catalog import ImageRules, InputSlot, ModelSpec, Params, by_id, param
from providers.core.declared import Declaration, params_of

__all__ = ["ANY_MODEL", "DECLARABLE", "GATEWAY", "MODELS", "NOT_OFFERED", "SIZES", "declared_spec"]

SLUG = "openai-videos"
GATEWAY = "compatible"
ANY_MODEL = "gateway-model"
DOCS_URL = "https://developers.openai.com/api/docs/guides/video-generation"
DOCS_READ = date(2026, 11, 20)
NOT_OFFERED = ("remix, edit, extend and characters; a first frame by address or file id",)
CLOSED = date(2026, 9, 24)
RESULT_LIFE = timedelta(hours=1)
FIRST = InputSlot(
    name="first_frame", title="First frame", rules=ImageRules(formats=("image/jpeg", "image/png", "image/webp"), max_bytes=20_000_000)
)
SIZES: Mapping[tuple[str, str], str] = {
    ("720p", "9:16"): "720x1280",
    ("720p", "16:9"): "1280x720",
    ("1024p", "9:16"): "1024x1792",
    ("1024p", "16:9"): "1792x1024",
    ("1080p", "9:16"): "1080x1920",
    ("1080p", "16:9"): "1920x1080",
}


DECLARABLE = ("durations", "sizes", "first_frame")


class SoraParams(Params):
    """sora-2, whose first frame must match the size of the video."""

    duration_s: Literal[4, 8, 12, 16, 20] = param(4, "Duration", "Length of the video.", unit="s", main=True)
    aspect_ratio: Literal["9:16", "16:9"] = param("9:16", "Aspect ratio", "A first frame must have just the size of the video.", main=True)
    resolution: Literal["720p", "1024p"] = param("720p", "Resolution", main=True)

    def size_of(self, slot: str) -> tuple[int, int] | None:  # noqa: ARG002
        width, _, height = SIZES[self.resolution, self.aspect_ratio].partition("x")
        return int(width), int(height)


class SoraProParams(SoraParams):
    """sora-2-pro."""

    resolution: Literal["720p", "1024p", "1080p"] = param("720p", "Resolution", main=True)  # type: ignore[assignment]


class AnyModelParams(Params):
    """The options that the API has for any model; what a gateway's model does with them is up to the gateway."""

    model_name: str = param("", "Model name", "Its name at the gateway; left empty, the gateway chooses.", main=True, max_length=200)
    duration_s: int = param(4, "Duration", "Length of the video.", unit="s", main=True, ge=1, le=60)
    size: str = param(
        "",
        "Size",
        "Pixels, such as 1280x720; left empty, the gateway chooses.",
        main=True,
        pattern=r"^(\d{2,5}x\d{2,5})?$",
    )


_spec = partial(
    ModelSpec,
    slots=(FIRST,),
    provider=SLUG,
    surfaces=(GATEWAY,),
    max_prompt_chars=4_000,
    usual_s=(60, 300),
    poll_every=timedelta(seconds=5),
    result_life=RESULT_LIFE,
    docs_url=DOCS_URL,
    docs_read=DOCS_READ,
)
MODELS = by_id(
    _spec(ANY_MODEL, "A gateway's model", AnyModelParams),
    _spec("sora-2", "Sora 2", SoraParams, retired=CLOSED),
    _spec("sora-2-pro", "Sora 2 Pro", SoraProParams, retired=CLOSED),
    _spec("sora-2-2025-12-08", "Sora 2 (2025-12-08)", SoraParams, retired=CLOSED),
    _spec("sora-2-2025-10-06", "Sora 2 (2025-10-06)", SoraParams, retired=CLOSED),
    _spec("sora-2-pro-2025-10-06", "Sora 2 Pro (2025-10-06)", SoraProParams, retired=CLOSED),
)


def declared_spec(model: Declaration) -> ModelSpec:
    """Return a gateway's model that an administrator declared."""
    return _spec(
        model.id,
        model.label,
        params_of(model),
        slots=(FIRST,) if model.first_frame else (),
        max_prompt_chars=model.max_prompt_chars,
        price=model.price,
        retired=model.retired,
        surfaces=() if model.retired else (GATEWAY,),
        docs_read=model.declared_on,
    )
