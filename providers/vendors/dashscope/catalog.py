"""DashScope's models: ModelSpecs and their images. Data; the options are in options.py and media/options.py.

Model Studio documents, the API reference that each model names; those in READ_EARLIER on 2026-11-20, the others on 2026-11-29.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal

from providers.core.catalog import ImageRules, InputSlot, ModelSpec, Params, Price, by_id
from providers.vendors.dashscope.media.options import (
    Edit10,
    Edit27,
    FramesQ3,
    H3Params,
    Image10,
    Image11,
    ImageQ3,
    Reference10,
    Reference11,
    Reference27,
    ReferenceQ3,
    ReferenceQ3Mix,
    TextQ3,
    Wan30,
)
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
    Reference26Flash,
    SizedParams,
    Text21Turbo,
    Text22Plus,
    Text25,
    Text26,
    Text26Us,
    Text27,
)

__all__ = ["MODELS", "NOT_OFFERED", "PROMPT_ADVICE", "READ_ELSEWHERE"]

SLUG = "dashscope"
DOCS = "https://help.aliyun.com/zh/model-studio/"
ABROAD = "https://www.alibabacloud.com/help/pt-br/model-studio/"
DOCS_READ, EARLIER = date(2026, 11, 29), date(2026, 11, 20)
NOT_OFFERED = (
    "`wanx2.1-vace-plus`: of its body only the names `function`, `ref_images_url` and `obj_or_bg` are known, not their values",
    "sounds and videos from one's own files, and images of Vidu and MiniMax H3: they are given by public addresses",
    "documents and web pages as input of Wan 3.0 (`file`, `link`), and a voice for each reference of `wan2.7-r2v` (`reference_voice`)",
    "480P of HappyHorse 1.0: the vendor's pages disagree whether it exists",
    "`wan2.6-t2v` in Virginia, where it takes 5, 10 and 15 s only, and `wan2.6-i2v-us`, the twin there of `wan2.6-i2v`",
    "other models than Wan 3.0 in Hong Kong: no page names one; an account may name those that it has",
    "Tokyo and Frankfurt",
)
PROMPT_ADVICE = {
    "en": "describe subject, scene and movement, each with its details; then light, size and angle of the shot and the camera; then the "
    "style. Say how far, how fast and with what effect things move.",
    "zh-hans": "按“主体（描述）+ 场景（描述）+ 运动（描述）+ 美学控制 + 风格化”来写；运动要写明幅度、速率和效果，美学控制包括光源、景别"
    "、视角和运镜。",
}
"""From the vendor's guide (help.aliyun.com/zh/model-studio/text-to-video-prompt), as 6bai.vip/13072.html has it; read 2026-11-29."""

READ_ELSEWHERE = (
    f"which models each region has, and Singapore's names for those of 2.1: {DOCS}rate-limit and the guides beside it; read 2026-11-21",
    f"`wan2.2-kf2v-flash` in Singapore: {ABROAD}legacy-image-to-video-by-first-and-last-frame-api-reference; read 2026-11-21",
    "the header of a workspace and the regions of its addresses: the vendor's SDK, dashscope 2.0.2; read 2026-11-21",
)
AT_HOME = ("beijing",)
IN_ASIA = (*AT_HOME, "singapore")
ALSO_IN_VIRGINIA = (*IN_ASIA, "us")
EVERYWHERE = (*ALSO_IN_VIRGINIA, "hongkong")
IMAGES = ImageRules(
    formats=("image/jpeg", "image/png", "image/bmp", "image/webp"),
    max_bytes=10 * 1024 * 1024,
    min_side_px=360,
    max_side_px=2_000,
    alpha=False,
)
LARGE_IMAGES = replace(IMAGES, max_bytes=20 * 1024 * 1024, min_side_px=240, max_side_px=8_000, min_ratio=1 / 8, max_ratio=8.0)
HORSE_FRAMES = ImageRules(
    formats=("image/jpeg", "image/png", "image/webp"), max_bytes=20 * 1024 * 1024, min_side_px=300, min_ratio=0.4, max_ratio=2.5
)
HORSE_REFERENCES = replace(HORSE_FRAMES, min_side_px=400, min_ratio=0.0, max_ratio=float("inf"))
FIRST = InputSlot(name="first_frame", title="First frame", min_count=1, rules=IMAGES)
LAST = InputSlot(name="last_frame", title="Last frame", rules=IMAGES)
LARGE_FIRST = InputSlot(name="first_frame", title="First frame", rules=LARGE_IMAGES)
LARGE_LAST = replace(LAST, rules=LARGE_IMAGES)
HORSE_FIRST = replace(FIRST, rules=HORSE_FRAMES)
REFERENCES = InputSlot(name="references", title="Reference images", rules=LARGE_IMAGES)
TEN, FIVE, FOUR = (replace(REFERENCES, max_count=most) for most in (10, 5, 4))
HORSE_NINE = replace(REFERENCES, min_count=1, max_count=9, rules=HORSE_REFERENCES)
HORSE_FIVE = replace(REFERENCES, max_count=5, rules=HORSE_FRAMES)

T2V, I2V = "text-to-video-api-reference", "image-to-video-api-reference"
KF2V = "image-to-video-by-first-and-last-frame-api-reference"
READ_EARLIER = (T2V, I2V, KF2V)
I2V_26, R2V_26 = "legacy-image-to-video-api-reference", "legacy-wan-reference-to-video-api-reference"
I2V_27, R2V_27, EDIT_27 = "image-to-video-general-api-reference", "wan-video-to-video-api-reference", "wan-video-editing-api-reference"
WAN_30 = "wan3-video-generation-api-reference"
HORSE = "happyhorse-{}-api-reference"
VIDU = "vidu-{}-to-video-api-reference"
H3 = "minimax-video-generation-api-reference"
PAGES: Mapping[tuple[str, ...], str] = {(): T2V, (FIRST.name,): I2V, (FIRST.name, LAST.name): KF2V}
TASK_LIFE = timedelta(hours=24)
TIME_TO_FETCH = timedelta(hours=2)
"""What exceeds an account's limits queues as PENDING at the vendor, and is paid: it is waited for while the file can still be fetched."""
PROMPT_CHARS: Mapping[str, int] = {
    "happyhorse": 2_500,
    "minimax": 7_000,
    "vidu": 5_000,
    "wan2.5": 1_500,
    "wan2.6": 1_500,
    "wan2.7": 5_000,
    "wan3.0": 20_000,
}
"""By how an id begins. HappyHorse takes 5,000 characters, but of Chinese ones 2,500, and cuts what is longer."""
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
    page = page or PAGES[tuple(slot.name for slot in slots)]
    return ModelSpec(
        model,
        label,
        params,
        slots,
        provider=SLUG,
        needs_prompt=needs_prompt,
        max_prompt_chars=next((most for start, most in PROMPT_CHARS.items() if model.startswith(start)), SHORTEST_PROMPT),
        usual_s=(60, 300),
        poll_every=timedelta(seconds=15),
        deadline=TASK_LIFE - TIME_TO_FETCH,
        result_life=TASK_LIFE,
        price=Price(amount=Decimal(cny_per_s), unit="second") if cny_per_s else None,
        surfaces=surfaces,
        docs_url=DOCS + page,
        docs_read=EARLIER if page in READ_EARLIER else DOCS_READ,
    )


def _wan30(model: str, label: str) -> ModelSpec:
    return _spec(model, label, Wan30, LARGE_FIRST, LARGE_LAST, TEN, needs_prompt=False, surfaces=EVERYWHERE, page=WAN_30)


def _horse(model: str, label: str, params: type[Params], *slots: InputSlot, page: str, needs_prompt: bool = True) -> ModelSpec:
    name, page = f"happyhorse-{model}", HORSE.format(page)
    return _spec(name, label, params, *slots, needs_prompt=needs_prompt, surfaces=ALSO_IN_VIRGINIA, page=page)


def _vidu(model: str, label: str, params: type[Params], page: str, *, needs_prompt: bool = True) -> ModelSpec:
    return _spec(f"viduq3{model}", f"Vidu Q3{label}", params, needs_prompt=needs_prompt, surfaces=AT_HOME, page=VIDU.format(page))


MODELS = by_id(
    _wan30("wan3.0-video", "Wan 3.0"),
    _wan30("wan3.0-video-prime", "Wan 3.0 Prime"),
    _spec("wan2.7-t2v", "Wan 2.7", Text27),
    _spec("wan2.7-i2v", "Wan 2.7, from an image", Image27, LARGE_FIRST, LARGE_LAST, page=I2V_27),
    _spec("wan2.7-r2v", "Wan 2.7, from references", Reference27, LARGE_FIRST, FIVE, page=R2V_27),
    _spec("wan2.7-videoedit", "Wan 2.7, change of a video", Edit27, FOUR, needs_prompt=False, page=EDIT_27),
    _spec("wan2.6-t2v", "Wan 2.6", Text26),
    _spec("wan2.6-t2v-us", "Wan 2.6, US region", Text26Us, surfaces=("us",)),
    _spec("wan2.6-i2v", "Wan 2.6, from an image", Image26, FIRST, surfaces=ALSO_IN_VIRGINIA, page=I2V_26),
    _spec("wan2.6-i2v-flash", "Wan 2.6 Flash, from an image", Image26Flash, FIRST, page=I2V_26),
    _spec("wan2.6-r2v", "Wan 2.6, from videos", Reference26, surfaces=ALSO_IN_VIRGINIA, page=R2V_26),
    _spec("wan2.6-r2v-flash", "Wan 2.6 Flash, from references", Reference26Flash, page=R2V_26),
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
    _horse("1.1-t2v", "HappyHorse 1.1", Reference11, page="text-to-video"),
    _horse("1.1-i2v", "HappyHorse 1.1, from an image", Image11, HORSE_FIRST, page="image-to-video", needs_prompt=False),
    _horse("1.1-r2v", "HappyHorse 1.1, from references", Reference11, HORSE_NINE, page="reference-to-video"),
    _horse("1.0-t2v", "HappyHorse 1.0", Reference10, page="text-to-video"),
    _horse("1.0-i2v", "HappyHorse 1.0, from an image", Image10, HORSE_FIRST, page="image-to-video", needs_prompt=False),
    _horse("1.0-r2v", "HappyHorse 1.0, from references", Reference10, HORSE_NINE, page="reference-to-video"),
    _horse("1.0-video-edit", "HappyHorse 1.0, change of a video", Edit10, HORSE_FIVE, page="video-edit"),
    _vidu("-pro_text2video", " Pro", TextQ3, "text"),
    _vidu("-turbo_text2video", " Turbo", TextQ3, "text"),
    _vidu("-pro_img2video", " Pro, from an image", ImageQ3, "image", needs_prompt=False),
    _vidu("-turbo_img2video", " Turbo, from an image", ImageQ3, "image", needs_prompt=False),
    _vidu("-pro_start-end2video", " Pro, first and last frame", FramesQ3, "keyframe"),
    _vidu("-turbo_start-end2video", " Turbo, first and last frame", FramesQ3, "keyframe"),
    _vidu("-mix_reference2video", " Mix, from references", ReferenceQ3Mix, "reference"),
    _vidu("_reference2video", ", from references", ReferenceQ3, "reference"),
    _vidu("-turbo_reference2video", " Turbo, from references", ReferenceQ3, "reference"),
    _spec("minimax-h3", "MiniMax H3", H3Params, surfaces=AT_HOME, page=H3),
)
