"""What a valid submit asks for: the size and the length of the video, by model, mode, ratio and picture."""

from __future__ import annotations

import asyncio
from typing import Any

from providers.simulator.vendors import dashscope_rules, kling_rules
from providers.simulator.vendors.dashscope_media_models import MediaModel
from tests.cases import in_one_test
from tests.pictures import as_base64, as_data_uri


@in_one_test(
    ("kind", "fields", "expected"),
    [
        ("text2video", {}, (1280, 720, 5)),
        ("text2video", {"aspect_ratio": "9:16", "duration": "10"}, (720, 1280, 10)),
        ("text2video", {"aspect_ratio": "1:1", "mode": "pro"}, (1080, 1080, 5)),
        ("text2video", {"aspect_ratio": "16:9", "mode": "pro"}, (1920, 1080, 5)),
        ("text2video", {"model_name": "kling-v2-1-master"}, (1920, 1080, 5)),
        ("text2video", {"model_name": "kling-v3", "mode": "4k", "duration": "3"}, (3840, 2160, 3)),
        ("image2video", {"image": as_base64(640, 480)}, (960, 720, 5)),
        ("image2video", {"image": as_base64(400, 1000), "mode": "pro"}, (1080, 2700, 5)),
        ("image2video", {"image": as_base64(601, 400)}, (1082, 720, 5)),
        ("image2video", {"image": "https://example.com/unseen.jpg"}, (1280, 720, 5)),
    ],
)
def test_kling_size_and_length(kind: str, fields: dict[str, Any], expected: tuple[int, int, int]) -> None:
    order = asyncio.run(kling_rules.read_order(kind, {"prompt": "a boat", **fields}, is_gateway=False))

    assert (order.width_px, order.height_px, order.duration_s) == expected


@in_one_test(
    ("model", "given", "parameters", "expected"),
    [
        ("wanx2.1-t2v-turbo", {}, {}, (1280, 720, 5)),
        ("wanx2.1-t2v-turbo", {}, {"size": "480*832", "duration": 9}, (480, 832, 5)),
        ("wan2.2-t2v-plus", {}, {}, (1920, 1080, 5)),
        ("wan2.6-t2v", {}, {"duration": 15}, (1920, 1080, 15)),
        ("wan2.7-t2v", {}, {"resolution": "720P", "ratio": "4:3", "duration": 2}, (1088, 832, 2)),
        ("wanx2.1-i2v-turbo", {"img_url": as_data_uri(640, 640)}, {"duration": 3}, (960, 960, 3)),
        ("wanx2.1-i2v-turbo", {"img_url": as_data_uri(832, 480)}, {"resolution": "480P"}, (832, 480, 5)),
        ("wanx2.1-kf2v-plus", {"first_frame_url": as_data_uri(720, 1280)}, {}, (720, 1280, 5)),
        ("wan2.5-i2v-preview", {"img_url": as_data_uri(1600, 900)}, {"duration": 10}, (1920, 1080, 10)),
    ],
)
def test_dashscope_size_and_length(model: str, given: dict[str, str], parameters: dict[str, Any], expected: tuple[int, int, int]) -> None:
    body = {"model": model, "input": {"prompt": "a boat", **given}, "parameters": parameters}
    group = "image2video" if "kf2v" in model else "video-generation"

    order = asyncio.run(dashscope_rules.read_order(group, body, resolves_oss=False))

    assert (order.width_px, order.height_px, order.duration_s) == expected


@in_one_test("name", sorted(kling_rules.MODELS))
def test_every_kling_model_takes_a_plain_submit(name: str) -> None:
    model = kling_rules.MODELS[name]
    kind = "text2video" if "text2video" in model.kinds else "image2video"
    body = {"model_name": name, "prompt": "a boat", "image": as_base64(640, 360)}

    assert asyncio.run(kling_rules.read_order(kind, body, is_gateway=False)).model == name


@in_one_test("name", [name for name, model in dashscope_rules.MODELS.items() if not isinstance(model, MediaModel)])
def test_every_older_dashscope_model_takes_a_plain_submit(name: str) -> None:
    frame = as_data_uri(640, 360)
    given = {"prompt": "a boat", "img_url": frame, "first_frame_url": frame}
    given |= {"media": [{"type": "first_frame", "url": frame}], "reference_video_urls": ["https://example.com/a.mp4"]}
    group = "image2video" if dashscope_rules.MODELS[name].kind == "kf2v" else "video-generation"

    order = asyncio.run(dashscope_rules.read_order(group, {"model": name, "input": given}, resolves_oss=False))

    assert order.model == name
