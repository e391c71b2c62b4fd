"""Kling's shots, voices, elements, motion brushes and several images: which shapes the simulator takes, and which it refuses."""

from __future__ import annotations

from typing import Any

import pytest

from tests.cases import in_one_test
from tests.pictures import as_base64
from tests.providers.simulator.simulator_callers import KlingCaller


def shot(number: int = 1, seconds: str = "5", **changes: Any) -> dict[str, Any]:
    return {"index": number, "prompt": "a boat", "duration": seconds, **changes}


def own(*shots: Any, **changes: Any) -> dict[str, Any]:
    return {"model_name": "kling-v3", "multi_shot": True, "shot_type": "customize", "multi_prompt": list(shots), "prompt": "", **changes}


def mask(points: int = 2, **changes: Any) -> dict[str, Any]:
    return {"mask": as_base64(), "trajectories": [{"x": 1, "y": 2}] * points, **changes}


BRUSHED = {"model_name": "kling-v1-5", "mode": "pro", "image": as_base64()}
VOICED = {"model_name": "kling-v3", "sound": "on", "voice_list": [{"voice_id": "v-1"}, {"voice_id": "v-2"}]}
WITH_ELEMENTS = {"model_name": "kling-v3", "image": as_base64(), "element_list": [{"element_id": 1}]}
SEVERAL = {"model_name": "kling-v1-6", "image_list": [{"image": as_base64()}] * 4}


@pytest.mark.parametrize(
    ("kind", "body"),
    [
        ("text2video", own(shot())),
        ("text2video", own(shot(1, "2"), shot(2, "3"))),
        ("image2video", own(shot(), image=as_base64())),
        ("text2video", {"model_name": "kling-v3", "multi_shot": True, "shot_type": "intelligence"}),
        ("text2video", {"model_name": "kling-v1", "multi_shot": False, "multi_prompt": "counts for nothing"}),
        ("text2video", VOICED),
        ("image2video", WITH_ELEMENTS),
        ("image2video", {**BRUSHED, "static_mask": as_base64(), "dynamic_masks": [mask(), mask(77)]}),
        ("multi-image2video", SEVERAL),
    ],
)
def test_documented_shape_is_taken(kling: KlingCaller, kind: str, body: dict[str, Any]) -> None:
    answer = kling.submit(kind=kind, **body)

    assert answer.status_code == 200, answer.text


@in_one_test(
    ("kind", "body"),
    [
        ("text2video", own()),
        ("text2video", own(shot(1, "2"))),
        ("text2video", own(shot(2))),
        ("text2video", own(shot(seconds=5))),
        ("text2video", own(shot(prompt=""))),
        ("text2video", own(shot(prompt="x" * 513))),
        ("text2video", own(*(shot(number, "1") for number in range(1, 8)), duration="7")),
        ("text2video", own(shot(), shot_type="free")),
        ("text2video", own(shot(), model_name="kling-v2-6")),
        ("text2video", own("a boat")),
        ("text2video", own(shot(), prompt="a boat")),
        ("image2video", {"model_name": "kling-v3", "image": as_base64(), "prompt": ""}),
        ("text2video", {"model_name": "kling-v3", "multi_shot": True, "shot_type": "intelligence", "prompt": ""}),
        ("text2video", {"model_name": "kling-v3", "multi_shot": "true"}),
        ("text2video", {**VOICED, "sound": "off"}),
        ("text2video", {**VOICED, "voice_list": [{"voice_id": f"v-{number}"} for number in range(3)]}),
        ("text2video", {**VOICED, "voice_list": ["v-1"]}),
        ("text2video", {**VOICED, "voice_list": [{"voice_id": 1}]}),
        ("image2video", {**WITH_ELEMENTS, "element_list": [{"element_id": "1"}]}),
        ("image2video", {**WITH_ELEMENTS, "element_list": [{"element_id": number} for number in range(4)]}),
        ("image2video", {**WITH_ELEMENTS, "sound": "on", "voice_list": [{"voice_id": "v-1"}]}),
        ("text2video", {"model_name": "kling-v3", "element_list": [{"element_id": 1}]}),
        ("image2video", {**BRUSHED, "mode": "std", "static_mask": as_base64()}),
        ("image2video", {**BRUSHED, "model_name": "kling-v1-6", "static_mask": as_base64()}),
        ("image2video", {**BRUSHED, "static_mask": "not an image"}),
        ("image2video", {**BRUSHED, "dynamic_masks": [mask()] * 7}),
        ("image2video", {**BRUSHED, "dynamic_masks": [mask(1)]}),
        ("image2video", {**BRUSHED, "dynamic_masks": [mask(78)]}),
        ("image2video", {**BRUSHED, "dynamic_masks": [mask(trajectories=[[1, 2], [3, 4]])]}),
        ("image2video", {**BRUSHED, "dynamic_masks": ["mask"]}),
        ("image2video", {**BRUSHED, "dynamic_masks": [mask()], "image_tail": as_base64()}),
        ("multi-image2video", {**SEVERAL, "image_list": [{"image": as_base64()}] * 5}),
        ("multi-image2video", {**SEVERAL, "image_list": [as_base64()]}),
        ("multi-image2video", {**SEVERAL, "image_list": []}),
        ("multi-image2video", {**SEVERAL, "model_name": "kling-v1"}),
        ("multi-image2video", {**SEVERAL, "prompt": ""}),
    ],
)
def test_any_other_shape_is_refused(kling: KlingCaller, kind: str, body: dict[str, Any]) -> None:
    answer = kling.submit(kind=kind, **body)

    assert (answer.status_code, answer.json()["code"]) == (400, 1201), answer.text
