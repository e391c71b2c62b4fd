"""DashScope's models that take one list of media: which hand-written orders are sound, and how large and long their videos are."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from providers.simulator.dialect import Refused
from providers.simulator.vendors.dashscope_models import MODELS, MODELS_IN_SINGAPORE, MODELS_IN_VIRGINIA
from providers.simulator.vendors.dashscope_rules import read_order
from tests.cases import in_one_test
from tests.pictures import as_data_uri

FAR, CLIP, VOICE = "https://example.com/cat.jpg", "https://example.com/walk.mp4", "https://example.com/voice.mp3"
VIDU, H3 = "vidu/viduq3-turbo_{}", "MiniMax/MiniMax-H3"


def media(*kinds: str, url: str = FAR) -> list[dict[str, str]]:
    return [{"type": kind, "url": url} for kind in kinds]


def read(model: str, items: list[dict[str, str]] | None = None, prompt: str = "a boat", **parameters: Any) -> tuple[int, int, int]:
    """Return width, height and seconds. Raise Refused."""
    body = {"model": model, "input": {"prompt": prompt, "media": items or []}, "parameters": parameters}
    order = asyncio.run(read_order("video-generation", body, resolves_oss=False))
    return order.width_px, order.height_px, order.duration_s


@in_one_test(
    ("order", "parameters", "expected"),
    [
        (("wan3.0-video",), {}, (1920, 1080, 5)),
        (("wan3.0-video-prime",), {"duration": -1, "resolution": "720P", "ratio": "9:16"}, (720, 1280, 5)),
        (("wan3.0-video", media("first_frame", "last_frame", url=as_data_uri(400, 400)), ""), {"duration": 30}, (1440, 1440, 30)),
        (("wan3.0-video", media("reference_audio", url=VOICE), ""), {}, (1920, 1080, 5)),
        (("wan3.0-video", media(*["reference_image"] * 10, *["reference_video"] * 5)), {"duration": 15}, (1920, 1080, 15)),
        (("wan3.0-video", media("first_frame", url=as_data_uri(240, 1900))), {"resolution": "480P"}, (224, 1778, 5)),
        (("wan2.7-r2v", media("first_frame", "reference_image")), {"duration": 15}, (1920, 1080, 15)),
        (("wan2.7-videoedit", media("video", url=CLIP), ""), {}, (1920, 1080, 3)),
        (("wan2.7-videoedit", media("video", url=CLIP)), {"duration": 2, "ratio": "1:1", "audio_setting": "origin"}, (1440, 1440, 2)),
        (("happyhorse-1.1-t2v",), {"ratio": "9:21", "resolution": "480P", "duration": 3}, (414, 966, 3)),
        (("happyhorse-1.0-i2v", media("first_frame"), ""), {"resolution": "720P"}, (1280, 720, 5)),
        (("happyhorse-1.0-video-edit", media("video", "reference_image")), {}, (1920, 1080, 3)),
        ((VIDU.format("text2video"),), {"resolution": "540P", "size": "768*1024", "duration": 16}, (768, 1024, 16)),
        ((VIDU.format("start-end2video"), media("image", "image")), {"duration": 1}, (1280, 720, 1)),
        ((H3,), {"resolution": "768P", "duration": 4, "ratio": "16:9"}, (1344, 768, 4)),
        ((H3, media("feature", "driving_audio", url=CLIP)), {"resolution": "2K", "duration": 5}, (2560, 1440, 5)),
    ],
)
def test_sound_order_becomes_a_video_of_this_size_and_length(
    order: tuple[Any, ...], parameters: dict[str, Any], expected: tuple[int, int, int]
) -> None:
    assert read(*order, **parameters) == expected


SHORT = {"resolution": "768P", "duration": 5, "ratio": "16:9"}


@in_one_test(
    ("order", "parameters", "code"),
    [
        (("wan3.0-video", None, ""), {}, "InvalidParameter"),
        (("wan3.0-video",), {"duration": 31}, "InvalidParameter"),
        (("wan3.0-video",), {"duration": 0}, "InvalidParameter"),
        (("wan3.0-video",), {"audio": "on"}, "InvalidParameter"),
        (("wan3.0-video",), {"ratio": "2:1"}, "InvalidParameter"),
        (("wan3.0-video", media("last_frame")), {}, "InvalidParameter"),
        (("wan3.0-video", media("first_frame", "reference_video")), {}, "InvalidParameter"),
        (("wan3.0-video", media(*["reference_image"] * 11)), {}, "InvalidParameter"),
        (("wan3.0-video", media(*["reference_video"] * 5)), {"duration": 16}, "InvalidParameter"),
        (("wan3.0-video", media("first_frame", url=as_data_uri(200, 400))), {}, "InvalidParameter"),
        (("wan3.0-video", media("first_frame", url=as_data_uri(2000, 245))), {}, "InvalidParameter"),
        (("wan3.0-video", media("reference_audio", url="voice.mp3")), {}, "InvalidURL"),
        (("wan2.7-r2v", media("first_frame")), {}, "InvalidParameter"),
        (("wan2.7-r2v", media(*["reference_image"] * 4, *["reference_video"] * 2)), {}, "InvalidParameter"),
        (("wan2.7-r2v", media("reference_video")), {"duration": 11}, "InvalidParameter"),
        (("wan2.7-videoedit", media("reference_image")), {}, "InvalidParameter"),
        (("wan2.7-videoedit", media("video")), {"duration": 11}, "InvalidParameter"),
        (("wan2.7-videoedit", media("video")), {"audio_setting": "off"}, "InvalidParameter"),
        (("happyhorse-1.0-i2v",), {}, "InvalidParameter"),
        (("happyhorse-1.0-i2v", media("first_frame", url=as_data_uri(400, 400, "BMP"))), {}, "UnsupportedFileFormat"),
        (("happyhorse-1.1-r2v", media("reference_image", url=as_data_uri(390, 500))), {}, "InvalidParameter"),
        (("happyhorse-1.0-video-edit", media("video"), ""), {}, "InvalidParameter"),
        ((VIDU.format("text2video"),), {"size": "1920*1080"}, "InvalidParameter"),
        ((VIDU.format("img2video"), media("first_frame")), {}, "InvalidParameter"),
        ((VIDU.format("img2video"), media("image", url=as_data_uri(400, 400))), {}, "InvalidURL"),
        ((VIDU.format("start-end2video"), media("image")), {}, "InvalidParameter"),
        (("vidu/viduq3-mix_reference2video", media("image")), {"resolution": "540P"}, "InvalidParameter"),
        ((H3,), {**SHORT, "ratio": "adaptive"}, "InvalidParameter"),
        ((H3,), {"resolution": "768P"}, "InvalidParameter"),
        ((H3, media("first_frame", "feature")), SHORT, "InvalidParameter"),
        (("viduq3-pro_text2video",), {}, "ModelNotFound"),
    ],
)
def test_unsound_order_is_refused(order: tuple[Any, ...], parameters: dict[str, Any], code: str) -> None:
    with pytest.raises(Refused) as refused:
        read(*order, **parameters)

    assert refused.value.code == code


def test_regions_have_their_models() -> None:
    horses = {name for name in MODELS if name.startswith("happyhorse")}

    assert len(horses) == 7
    assert horses | {"wan3.0-video", "wan3.0-video-prime"} <= MODELS_IN_VIRGINIA.keys()
    assert {name for name in MODELS if "/" in name}.isdisjoint(MODELS_IN_SINGAPORE.keys() | MODELS_IN_VIRGINIA.keys())
    assert {"wan2.7-r2v", "wan2.7-videoedit", "wan2.6-r2v-flash"} <= MODELS_IN_SINGAPORE.keys() - MODELS_IN_VIRGINIA.keys()
