"""What Jimeng's web endpoints accept: the older body and the newer draft become an Order, or are refused."""

from __future__ import annotations

import json
import uuid
from collections.abc import Collection
from dataclasses import dataclass
from typing import Any, NoReturn

from providers.simulator.dialect import Refused
from providers.simulator.json_values import is_integer
from providers.simulator.tasks import Order
from providers.simulator.vendors.jimeng_sizes import RATIOS, SIZES, nearest

Body = dict[str, Any]
AID = 513695
_FPS, _VIDEO_MODE, _MAX_SEED = 24, 2, 2**32 - 1
_RESOURCE = {"resource_id": "generate_video", "resource_id_type": "str", "resource_sub_type": "aigc"}


@dataclass(frozen=True, kw_only=True)
class Model:
    benefit: str = ""
    """The name of what is charged; empty where it is unknown: any is accepted."""
    durations_s: Collection[int] = (5, 10)
    resolutions: tuple[str, ...] = ()
    """The first is the default. Empty: the field does not exist."""


_OLD = "dreamina_ic_generate_video_model"
_BOTH = ("720p", "1080p")
MODELS = {
    f"{_OLD}_vgfm_lite": Model(benefit="basic_video_operation_vgfm_lite"),
    f"{_OLD}_vgfm1.0": Model(benefit="basic_video_operation_vgfm"),
    f"{_OLD}_vgfm_3.0": Model(benefit="basic_video_operation_vgfm_v_three", resolutions=_BOTH),
    f"{_OLD}_vgfm_3.0_fast": Model(benefit="basic_video_operation_vgfm_v_three", resolutions=_BOTH),
    f"{_OLD}_vgfm_3.0_pro": Model(benefit="basic_video_operation_vgfm_v_three_pro"),
    f"{_OLD}_vgfm_3.5_pro": Model(benefit="dreamina_video_seedance_15_pro", durations_s=(5, 10, 12)),
    "dreamina_seedance_40_pro": Model(benefit="dreamina_video_seedance_20_pro", durations_s=range(4, 16)),
    "dreamina_seedance_40": Model(benefit="dreamina_seedance_20_fast", durations_s=range(4, 16)),
    "dreamina_seedance_40_mini": Model(benefit="seedance_20_mini_720p_output", durations_s=range(4, 16)),
    "dreamina_seedance_45_pro": Model(benefit="seedance_25_720p_output", durations_s=range(4, 31)),
}


def invalid(message: str, code: str = "1000") -> NoReturn:
    raise Refused(200, code, f"invalid parameter: {message}")


def read_order(body: object) -> Order:
    """Read the body of `generate_video`. Raise Refused."""
    head = _head(body)
    _text_of_json(head, "task_extra")
    return _order(head, _object(head, "input"), _object(head, "commerce_info"))


def read_draft(body: object) -> Order:
    """Read the body of `aigc_draft/generate`. Raise Refused."""
    head = _head(body)
    _text_of_json(head, "metrics_extra")
    if not isinstance(head.get("draft_content"), str):
        invalid("draft_content must be a string that holds JSON", "1002")
    draft = _text_of_json(head, "draft_content")
    components = draft.get("component_list")
    if not isinstance(components, list) or not components or not isinstance(components[0], dict):
        invalid("draft_content.component_list")
    if components[0].get("type") != "video_base_component":
        invalid("draft_content.component_list.type")
    asked = _object(_object(_object(components[0], "abilities"), "gen_video"), "text_to_video_params")
    extend = _object(head, "extend")
    if extend.get("root_model", asked.get("model_req_key")) != asked.get("model_req_key"):
        invalid("extend.root_model")
    return _order(head, asked, _object(extend, "m_video_commerce_info"))


def _head(body: object) -> Body:
    if not isinstance(body, dict):
        invalid("the body is not an object")
    try:
        uuid.UUID(body.get("submit_id"))
    except (ValueError, TypeError, AttributeError) as error:
        raise Refused(200, "1000", "invalid parameter: submit_id") from error
    if _object(body, "http_common_info").get("aid") != AID:
        invalid("http_common_info.aid")
    return body


def _object(body: Body, name: str) -> Body:
    value = body.get(name)
    if not isinstance(value, dict):
        invalid(name)
    return value


def _text_of_json(body: Body, name: str) -> Body:
    """Read a field whose string is a JSON object. Raise Refused."""
    try:
        value = json.loads(body.get(name))  # type: ignore[arg-type]
    except (ValueError, TypeError) as error:
        raise Refused(200, "1000", f"invalid parameter: {name}") from error
    if not isinstance(value, dict):
        invalid(name)
    return value


def _order(head: Body, asked: Body, commerce: Body) -> Order:
    name = asked.get("model_req_key")
    model = MODELS.get(name) if isinstance(name, str) else None
    if model is None or not isinstance(name, str):
        invalid("model_req_key")
    benefit = commerce.get("benefit_type")
    if not isinstance(benefit, str) or not benefit or (model.benefit and benefit != model.benefit):
        invalid("benefit_type")
    for field, value in _RESOURCE.items():
        if commerce.get(field) != value:
            invalid(field)
    if not _is_within(asked.get("seed"), range(_MAX_SEED + 1)):
        invalid("seed")
    inputs = asked.get("video_gen_inputs")
    if not isinstance(inputs, list) or len(inputs) != 1 or not isinstance(inputs[0], dict):
        invalid("video_gen_inputs")
    scene = inputs[0]
    prompt = scene.get("prompt")
    if not isinstance(prompt, str) or not (prompt or scene.get("first_frame_image")):
        invalid("prompt")
    width, height = _size(asked, scene, model)
    return Order(
        model=name,
        prompt=prompt,
        width_px=width,
        height_px=height,
        duration_s=_duration(scene, model),
        body=head,
        reference=head["submit_id"],
    )


def _is_within(value: object, allowed: Collection[int]) -> bool:
    return is_integer(value) and value in allowed


def _duration(scene: Body, model: Model) -> int:
    if scene.get("fps") != _FPS or scene.get("video_mode") != _VIDEO_MODE:
        invalid("fps or video_mode")
    duration_ms = scene.get("duration_ms")
    if not _is_within(duration_ms, [seconds * 1000 for seconds in model.durations_s]):
        invalid("duration_ms")
    return int(scene["duration_ms"]) // 1000


def _size(asked: Body, scene: Body, model: Model) -> tuple[int, int]:
    resolution = scene.get("resolution")
    if resolution is not None and resolution not in model.resolutions:
        invalid("resolution")
    frames = [_frame(scene[name]) for name in ("first_frame_image", "end_frame_image") if scene.get(name)]
    if scene.get("end_frame_image") and not scene.get("first_frame_image"):
        invalid("end_frame_image without first_frame_image")
    if frames:
        return nearest(resolution or "720p", frames[0])
    if asked.get("video_aspect_ratio") not in RATIOS:
        invalid("video_aspect_ratio")
    return SIZES[resolution or "720p"][asked["video_aspect_ratio"]]


def _frame(image: object) -> float:
    """Return the ratio that the body gives for a picture uploaded before. Raise Refused."""
    if not isinstance(image, dict) or not isinstance(image.get("image_uri"), str) or not image["image_uri"]:
        invalid("image_uri")
    if not all(_is_within(image.get(name), range(1, 10_001)) for name in ("width", "height")):
        invalid("width or height of an image")
    return float(image["width"] / image["height"])
