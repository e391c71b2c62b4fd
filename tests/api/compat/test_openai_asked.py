"""What clients of OpenAI's videos ask for, under the portal's names, and what a model does about it."""

from __future__ import annotations

from typing import Any

import pytest

from api.compat.asked import unmet
from api.compat.fit import fit
from api.compat.openai.asked import asked_of, image_in
from generation.errors import InvalidRequest
from providers.vendors import ALL_MODELS
from tests.cases import in_one_test

SORA = ALL_MODELS["openai-videos/sora-2"]
LOCAL = next(spec for spec in ALL_MODELS.values() if "steps" in spec.params.model_fields)
LOUD = next(spec for spec in ALL_MODELS.values() if "with_audio" in spec.params.model_fields)
SILENT = next(spec for spec in ALL_MODELS.values() if not {"with_audio", "seed"} & set(spec.params.model_fields))


def done(spec: Any, *, has_image: bool = False, **body: Any) -> tuple[dict[str, Any], set[str], set[str]]:
    """Return the params, and the names of the fields that show a difference and of hints."""
    asked = asked_of(body, spec)
    found = fit(spec, asked.options)
    shown, hints = unmet(found, asked, has_image=has_image)
    return dict(found.params), set(shown), set(hints)


@in_one_test(
    ("body", "params", "shown", "hints"),
    [
        ({"seconds": "8", "size": "1280x720"}, {"duration_s": 8, "aspect_ratio": "16:9", "resolution": "720p"}, set(), set()),
        ({"seconds": 4}, {"duration_s": 4}, set(), set()),
        ({"seconds": "7"}, {"duration_s": 8}, {"seconds"}, set()),
        ({"duration": 12}, {"duration_s": 12}, set(), set()),
        ({"duration": 5}, {"duration_s": 4}, {"duration"}, set()),
        ({"width": 720, "height": "1280"}, {"aspect_ratio": "9:16", "resolution": "720p"}, set(), set()),
        ({"width": "100", "height": "100"}, None, {"width", "height"}, set()),
        ({"aspect_ratio": "16:9"}, {"aspect_ratio": "16:9"}, set(), set()),
        ({"num_frames": "129", "fps": "16"}, {"duration_s": 8}, set(), set()),
        ({"num_frames": 81}, {"duration_s": 4}, {"num_frames"}, set()),
        ({"num_frames": 65}, {"duration_s": 4}, set(), set()),
        ({"fps": 24}, {}, set(), {"fps"}),
        ({"generate_audio": "false"}, {}, set(), set()),
        ({"generate_audio": True}, {}, {"generate_audio"}, set()),
        (
            {"guidance_scale": 5.5, "num_inference_steps": 30, "negative_prompt": "rain"},
            {},
            set(),
            {"guidance_scale", "num_inference_steps", "negative_prompt"},
        ),
        ({"flow_shift": "5"}, {}, set(), {"flow_shift"}),
        ({"user": "me", "response_format": "url", "n": "1"}, {}, set(), set()),
        ({"metadata": {"seconds": "12", "nobody_knows": 1}}, {"duration_s": 12}, set(), set()),
        ({"extra_params": '{"seconds": 12}', "seconds": "4"}, {"duration_s": 4}, set(), set()),
        ({"resolution": "1024p"}, {"resolution": "1024p"}, set(), set()),
    ],
)
def test_fields_of_every_client_become_options(
    body: dict[str, Any], params: dict[str, Any] | None, shown: set[str], hints: set[str]
) -> None:
    found = done(SORA, **body)
    assert params is None or found[0] == params
    assert found[1:] == (shown, hints)


def test_a_model_of_ours_takes_the_steps_of_vllm() -> None:
    params, shown, hints = done(LOCAL, num_inference_steps="30", guidance_scale="5.5", seed="7")
    assert (params["steps"], shown, hints) == (30, set(), {"guidance_scale", "seed"})


def test_an_option_of_the_model_has_its_own_name_too() -> None:
    assert done(LOUD, with_audio="true")[0]["with_audio"] is True
    assert done(LOUD, generate_sound=True)[0]["with_audio"] is True
    assert done(SILENT, generate_audio=True)[1] == {"generate_audio"}


def test_the_shape_of_an_image_is_taken_for_the_shape_that_was_asked() -> None:
    shapeless = next(
        spec for spec in ALL_MODELS.values() if spec.slots and not {"aspect_ratio", "size", "width_px"} & set(spec.params.model_fields)
    )
    assert "size" in done(shapeless, size="720x1280")[1]
    assert "size" not in done(shapeless, size="720x1280", has_image=True)[1]


@in_one_test("body", [{"nonsense": 1}, {"n": 2}, {"n": "2"}, {"characters": []}, {"video_reference": "x"}])
def test_what_nobody_knows_or_can_do_is_refused_by_its_name(body: dict[str, Any]) -> None:
    with pytest.raises(InvalidRequest) as refused:
        asked_of(body, SORA)
    assert refused.value.fields.keys() == body.keys()


@in_one_test(
    ("body", "found"),
    [
        ({}, None),
        ({"images": [], "image_reference": {}}, None),
        ({"input_reference": "https://a/b.png"}, ("input_reference", "https://a/b.png")),
        ({"input_reference": {"image_url": "https://a/b.png"}}, ("input_reference", "https://a/b.png")),
        ({"input_reference": {"image_url": {"url": "https://a/b.png"}}}, ("input_reference", "https://a/b.png")),
        ({"input_reference[image_url]": "data:image/png;base64,AA=="}, ("input_reference[image_url]", "data:image/png;base64,AA==")),
        ({"image_reference": '{"image_url": "https://a/b.png"}'}, ("image_reference", "https://a/b.png")),
        ({"image_reference": '[{"image_url": "https://a/b.png"}]'}, ("image_reference", "https://a/b.png")),
        ({"images": ["https://a/b.png"]}, ("images", "https://a/b.png")),
        ({"image": "aGVsbG8="}, ("image", "aGVsbG8=")),
    ],
)
def test_an_image_is_found_where_clients_put_it(body: dict[str, Any], found: tuple[str, str] | None) -> None:
    assert image_in(body, {}) == found


@in_one_test(
    "body", [{"input_reference": {"file_id": "file-1"}}, {"images": ["a", "b"]}, {"image": "a", "input_reference": "b"}, {"image": 5}]
)
def test_an_object_without_an_image_and_several_images_are_refused(body: dict[str, Any]) -> None:
    with pytest.raises(InvalidRequest):
        image_in(body, {})
