"""DashScope's Wan models: ModelSpecs and their images. Data; the options are in options.py.

Model Studio documents, text-to-video, image-to-video, image-to-video-by-first-and-last-frame and wan-video-to-video API references;
read 2026-11-20.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal

from providers.core.catalog import ImageRules, InputSlot, ModelSpec, Params, Price, by_id
from providers.vendors.dashscope.options import (
    Frames21Plus,
    Frames22Flash,
    Image21Plus,
    Image21Turbo,
    Image22Flash,
    Image22Plus,
    Image25,
    Image26,
    Image26Flash,
    Image27,
    Reference26,
    SizedParams,
    Text21Turbo,
    Text22Plus,
    Text25,
    Text26,
    Text26Us,
    Text27,
)

__all__ = ["MODELS", "NOT_OFFERED", "READ_ELSEWHERE"]

SLUG = "dashscope"
DOCS = "https://help.aliyun.com/zh/model-studio/"
ABROAD = "https://www.alibabacloud.com/help/pt-br/model-studio/"
DOCS_READ = date(2026, 11, 20)
NOT_OFFERED = (
    "`wanx2.1-vace-plus`: of its body only the names `function`, `ref_images_url` and `obj_or_bg` are known, not their values",
    "HappyHorse: only gateways describe it, without the words for its shapes and with different sizes",
    "sounds and videos from one's own files: they are given by public addresses",
    "`wan2.6-t2v` in Virginia, where it takes 5, 10 and 15 s only, and `wan2.6-i2v-us`, the twin there of `wan2.6-i2v`",
    "models in Hong Kong: no page names one; an account may name those that it has",
)
READ_ELSEWHERE = (
    f"which models each region has, and Singapore's names for those of 2.1: {DOCS}rate-limit and the guides beside it; read 2026-11-21",
    f"`wan2.2-kf2v-flash` in Singapore: {ABROAD}legacy-image-to-video-by-first-and-last-frame-api-reference; read 2026-11-21",
    "the header of a workspace and the regions of its addresses: the vendor's SDK, dashscope 2.0.2; read 2026-11-21",
)
IN_ASIA = ("beijing", "singapore")
ALSO_IN_VIRGINIA = (*IN_ASIA, "us")
IMAGES = ImageRules(
    formats=("image/jpeg", "image/png", "image/bmp", "image/webp"),
    max_bytes=10 * 1024 * 1024,
    min_side_px=360,
    max_side_px=2_000,
    alpha=False,
)
FIRST = InputSlot(name="first_frame", title="First frame", min_count=1, rules=IMAGES)
OR_A_CLIP = replace(FIRST, min_count=0)
LAST = InputSlot(name="last_frame", title="Last frame", rules=IMAGES)

T2V, I2V = "text-to-video-api-reference", "image-to-video-api-reference"
R2V = "wan-video-to-video-api-reference"
KF2V = "image-to-video-by-first-and-last-frame-api-reference"
PAGES: Mapping[tuple[str, ...], str] = {(): T2V, (FIRST.name,): I2V, (FIRST.name, LAST.name): KF2V}
TASK_LIFE = timedelta(hours=24)
TIME_TO_FETCH = timedelta(hours=2)
"""What exceeds an account's limits queues as PENDING at the vendor, and is paid: it is waited for while the file can still be fetched."""
PROMPT_CHARS: Mapping[str, int] = {"wan2.5": 1_500, "wan2.6": 1_500, "wan2.7": 5_000}
SHORTEST_PROMPT = 800


def _spec(
    model: str,
    label: str,
    params: type[Params],
    *slots: InputSlot,
    needs_prompt: bool = True,
    cny_per_s: str = "",
    surfaces: tuple[str, ...] = IN_ASIA,
    page: str = "",
) -> ModelSpec:
    return ModelSpec(
        model,
        label,
        params,
        slots,
        provider=SLUG,
        needs_prompt=needs_prompt,
        max_prompt_chars=PROMPT_CHARS.get(model.partition("-")[0], SHORTEST_PROMPT),
        usual_s=(60, 300),
        poll_every=timedelta(seconds=15),
        deadline=TASK_LIFE - TIME_TO_FETCH,
        result_life=TASK_LIFE,
        price=Price(amount=Decimal(cny_per_s), unit="second") if cny_per_s else None,
        surfaces=surfaces,
        docs_url=DOCS + (page or PAGES[tuple(slot.name for slot in slots)]),
        docs_read=DOCS_READ,
    )


MODELS = by_id(
    _spec("wan2.7-t2v", "Wan 2.7", Text27),
    _spec("wan2.7-i2v", "Wan 2.7, from an image", Image27, OR_A_CLIP, LAST, page=I2V),
    _spec("wan2.6-t2v", "Wan 2.6", Text26),
    _spec("wan2.6-t2v-us", "Wan 2.6, US region", Text26Us, surfaces=("us",)),
    _spec("wan2.6-i2v", "Wan 2.6, from an image", Image26, FIRST, surfaces=ALSO_IN_VIRGINIA),
    _spec("wan2.6-i2v-flash", "Wan 2.6 Flash, from an image", Image26Flash, FIRST),
    _spec("wan2.6-r2v", "Wan 2.6, from videos", Reference26, surfaces=ALSO_IN_VIRGINIA, page=R2V),
    _spec("wan2.5-t2v-preview", "Wan 2.5", Text25),
    _spec("wan2.5-i2v-preview", "Wan 2.5, from an image", Image25, FIRST),
    _spec("wan2.2-t2v-plus", "Wan 2.2 Plus", Text22Plus),
    _spec("wan2.2-i2v-plus", "Wan 2.2 Plus, from an image", Image22Plus, FIRST),
    _spec("wan2.2-i2v-flash", "Wan 2.2 Flash, from an image", Image22Flash, FIRST),
    _spec("wan2.2-kf2v-flash", "Wan 2.2 Flash, first and last frame", Frames22Flash, FIRST, LAST, needs_prompt=False),
    _spec("wanx2.1-t2v-turbo", "Wan 2.1 Turbo", Text21Turbo, cny_per_s="0.24"),
    _spec("wanx2.1-t2v-plus", "Wan 2.1 Plus", SizedParams, cny_per_s="0.70"),
    _spec("wanx2.1-i2v-turbo", "Wan 2.1 Turbo, from an image", Image21Turbo, FIRST),
    _spec("wanx2.1-i2v-plus", "Wan 2.1 Plus, from an image", Image21Plus, FIRST),
    _spec("wanx2.1-kf2v-plus", "Wan 2.1 Plus, first and last frame", Frames21Plus, FIRST, LAST, needs_prompt=False),
)
