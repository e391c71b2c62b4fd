"""Kling's shots, voices, elements, motion brushes, several images and videos: how they are said, and what does not go together."""

import pytest
from pydantic import ValidationError

from providers.core.catalog import InputConflict
from providers.core.types import GenerationRequest, State
from providers.vendors import ALL_MODELS
from tests.cases import in_one_test
from tests.providers.vendors.simulated_surfaces import client_at, paid, surface_of
from tests.providers.vendors.vendor_samples import NOON, asked, make_provider, make_request, picture

V3, V26, V16, V15 = "kling/kling-v3", "kling/kling-v2-6", "kling/kling-v1-6", "kling/kling-v1-5"
V30, OMNI, O1, V26_NEW = "kling/kling-3.0", "kling/kling-3.0-omni", "kling/kling-o1", "kling/kling-2.6"
V25_NEW, MOTION = "kling/kling-2.5-turbo", "kling/kling-3.0-motion-control"
COLOURS = ("teal", "red", "navy", "gold")
WALK = "https://files.example/walk.mp4"
SHOTS = [{"duration_s": 3, "prompt": "A boat leaves"}, {"duration_s": 4, "prompt": "The open sea"}]
CAT = {"name": "cat", "element_id": "829836802793406551"}
VOICED = {"with_audio": True, "voice_ids": ["829824295735410756", "v-2"]}


def request_with(model, images, prompt="a boat", **params):
    """So many pictures in each slot; checked as the portal checks it."""
    spec = ALL_MODELS[model]
    options = spec.params(**params)
    options.check_inputs(images)
    filled = {slot.name: images[slot.name] for slot in spec.slots if slot.name in images}
    files = {slot: tuple(picture(slot, colour) for colour in (*COLOURS, *COLOURS)[:count]) for slot, count in filled.items()}
    return GenerationRequest(spec=spec, prompt=prompt, params=options, inputs=files, reference="job-1")


def said(model, images, **facts):
    return asked(make_provider("kling"), request_with(model, images, **facts))


def test_custom_shots_are_numbered():
    body = said(V3, {}, duration_s=7, shots=SHOTS).json

    assert (body["multi_shot"], body["shot_type"], body["duration"]) == (True, "customize", "7")
    assert body["multi_prompt"] == [
        {"index": 1, "prompt": "A boat leaves", "duration": "3"},
        {"index": 2, "prompt": "The open sea", "duration": "4"},
    ]


def test_no_lists_are_sent_without_custom_shots():
    assert not {"multi_prompt", "voice_list", "element_list"} & said(V3, {}).json.keys()


def test_voices_and_elements_are_lists_of_ids():
    assert said(V26, {}, mode="pro", **VOICED).json["voice_list"] == [{"voice_id": "829824295735410756"}, {"voice_id": "v-2"}]
    assert said(V3, {"first_frame": 1}, element_ids=[CAT["element_id"]]).json["element_list"] == [{"element_id": 829836802793406551}]


def test_motion_brushes_are_masks_with_paths():
    request = request_with(V15, {"first_frame": 1, "static_mask": 1, "dynamic_masks": 2}, mode="pro", paths=["10,20 30,40", "1,2 3,4 5,6"])

    body = asked(make_provider("kling"), request).json

    first, second = request.inputs["dynamic_masks"]
    assert body["static_mask"] == request.inputs["static_mask"][0].base64
    assert body["dynamic_masks"] == [
        {"mask": first.base64, "trajectories": [{"x": 10, "y": 20}, {"x": 30, "y": 40}]},
        {"mask": second.base64, "trajectories": [{"x": 1, "y": 2}, {"x": 3, "y": 4}, {"x": 5, "y": 6}]},
    ]


def test_several_images_have_their_own_path_and_keep_the_shape():
    request = request_with(V16, {"references": 2}, aspect_ratio="9:16")

    ask = asked(make_provider("kling", "gateway"), request)

    assert ask.path == "/kling/v1/videos/multi-image2video"
    assert ask.json["image_list"] == [{"image": file.base64} for file in request.inputs["references"]]
    assert ask.json["aspect_ratio"] == "9:16"
    assert "image" not in ask.json


def test_elements_of_the_new_api_are_contents_with_their_names():
    contents = said(V30, {"first_frame": 1}, prompt="@cat runs", elements=[CAT]).json["contents"]

    assert contents[-1] == {"type": "element", "element_id": CAT["element_id"], "id": "cat"}


@pytest.mark.parametrize(
    ("model", "params"),
    [
        (OMNI, {"base_video": WALK, "keep_sound": True, "multi_shot": False}),
        (O1, {"base_video": WALK, "keep_sound": True}),
        (O1, {"feature_video": WALK, "keep_sound": True}),
        (OMNI, {"feature_video": WALK}),
    ],
)
def test_video_is_a_content_with_a_name_and_may_keep_its_sound(model, params):
    body = said(model, {"references": 2}, **params).json

    name = "base_video" if "base_video" in params else "feature_video"
    assert [(part["type"], part.get("id")) for part in body["contents"][1:]] == [
        ("refer_image", "image_1"),
        ("refer_image", "image_2"),
        (name, "video_1"),
    ]
    assert body["contents"][-1]["url"] == WALK
    assert body["settings"]["audio"] == ("original" if "keep_sound" in params else "off")


def test_images_are_named_in_the_order_of_their_slots():
    contents = said(OMNI, {"references": 2, "first_frame": 1}).json["contents"]

    assert [(part["type"], part.get("id")) for part in contents] == [
        ("prompt", None),
        ("first_frame", "image_1"),
        ("refer_image", "image_2"),
        ("refer_image", "image_3"),
    ]


def test_motion_control_has_a_path_of_its_own_a_character_and_a_video():
    request = request_with(MOTION, {"references": 1}, prompt="@cat dances", motion_video=WALK, elements=[CAT], keep_sound=False)

    ask = asked(make_provider("kling", "official-key"), request)

    assert ask.path == "/motion-control/kling-3.0"
    assert ask.json["contents"] == [
        {"type": "prompt", "text": "@cat dances"},
        {"type": "image", "url": request.inputs["references"][0].base64},
        {"type": "video", "url": WALK},
        {"type": "element", "element_id": CAT["element_id"], "id": "cat"},
    ]
    assert ask.json["settings"] == {"resolution": "720p", "audio": "off", "character_orientation": "video"}


def test_prompt_has_fewer_characters_beside_the_first_frame_of_turbo():
    turbo = ALL_MODELS["kling/kling-3.0-turbo"]

    assert [turbo.prompt_limit(filled) for filled in ((), ("first_frame",))] == [3_072, 2_500]


@in_one_test(
    ("model", "params", "field", "words"),
    [
        (V3, {"shots": SHOTS}, "shots", "the shots together must be as long as the video"),
        (V3, {"shots": SHOTS, "duration_s": 7, "multi_shot": True}, "shots", "turn Several shots off"),
        (V3, {"shots": [{"duration_s": 1, "prompt": "x"}] * 7, "duration_s": 7}, "shots", "at most 6 items"),
        (V3, {"shots": [{"duration_s": 5, "prompt": "x" * 513}]}, "shots", "at most 512 characters"),
        (V3, {"shots": [{"duration_s": 5, "prompt": "x", "camera": "pan"}]}, "shots", "not permitted"),
        (V3, {"voice_ids": ["v-1"]}, "voice_ids", "voices need the sound on"),
        (V3, {"with_audio": True, "voice_ids": ["a", "b", "c"]}, "voice_ids", "at most 2 items"),
        (V3, {"with_audio": True, "voice_ids": ["v 1"]}, "voice_ids", "match pattern"),
        (V3, {"element_ids": ["cat"]}, "element_ids", "match pattern"),
        (V3, {**VOICED, "element_ids": ["1"]}, "element_ids", "elements and voices exclude each other"),
        (V15, {"paths": ["10,20"]}, "paths", "match pattern"),
        (V15, {"paths": [" ".join(["1,2"] * 78)]}, "paths", "match pattern"),
        (V30, {"elements": [CAT] * 4}, "elements", "at most 3 items"),
        (V30, {"elements": [{"name": "cat"}]}, "elements", "Field required"),
        (OMNI, {"feature_video": WALK, "base_video": WALK}, "base_video", "exclude each other"),
        (OMNI, {"base_video": "walk.mp4"}, "base_video", "public address"),
        (OMNI, {"keep_sound": True}, "keep_sound", "the original sound needs a video"),
        (OMNI, {"keep_sound": True, "feature_video": WALK}, "keep_sound", "needs a video to change"),
        (OMNI, {"base_video": WALK}, "base_video", "needs Several shots off"),
        (OMNI, {"base_video": WALK, "multi_shot": False, "with_audio": True}, "base_video", "needs Sound off"),
        (OMNI, {"feature_video": WALK, "multi_shot": False}, "feature_video", "needs Several shots on"),
        (OMNI, {"feature_video": WALK, "with_audio": True}, "feature_video", "needs Sound off"),
        (O1, {"feature_video": WALK, "base_video": WALK}, "base_video", "exclude each other"),
        (O1, {"keep_sound": True}, "keep_sound", "the original sound needs a video"),
        (MOTION, {"motion_video": WALK, "orientation": "image", "elements": [CAT]}, "elements", "orientation of the video"),
        (MOTION, {"motion_video": WALK, "elements": [CAT] * 2}, "elements", "at most 1 item"),
        (MOTION, {}, "motion_video", "Field required"),
    ],
)
def test_what_does_not_go_is_refused_by_field(model, params, field, words):
    with pytest.raises(ValidationError, match=words) as refused:
        ALL_MODELS[model].params(**params)

    assert {error["loc"][0] for error in refused.value.errors()} == {field}


@in_one_test(
    ("model", "params", "images", "path"),
    [
        (V3, {"element_ids": ["1"]}, {}, "params.element_ids"),
        (V30, {"elements": [CAT]}, {}, "params.elements"),
        (V15, {}, {"first_frame": 1, "static_mask": 1}, "params.mode"),
        (V15, {"mode": "pro"}, {"first_frame": 1, "last_frame": 1, "static_mask": 1}, "inputs.last_frame"),
        (V15, {"mode": "pro"}, {"first_frame": 1, "dynamic_masks": 1}, "params.paths"),
        (V15, {"paths": ["1,2 3,4"]}, {"first_frame": 1}, "params.paths"),
        (V16, {}, {"first_frame": 1, "references": 1}, "inputs.references"),
        (V3, {}, {"last_frame": 1}, "inputs.first_frame"),
        (V26_NEW, {}, {"first_frame": 1, "last_frame": 1}, "params.resolution"),
        (V26_NEW, {"resolution": "1080p", "with_audio": True}, {"first_frame": 1, "last_frame": 1}, "params.with_audio"),
        (V25_NEW, {}, {"first_frame": 1, "last_frame": 1}, "params.resolution"),
        (OMNI, {"base_video": WALK, "multi_shot": False}, {"first_frame": 1}, "params.base_video"),
        (OMNI, {"feature_video": WALK}, {"references": 5}, "inputs.references"),
        (OMNI, {"elements": [CAT]}, {"references": 7}, "inputs.references"),
        (O1, {}, {"first_frame": 1, "last_frame": 1, "references": 1}, "inputs.last_frame"),
        (O1, {"elements": [CAT]}, {"first_frame": 1, "last_frame": 1}, "inputs.last_frame"),
        (O1, {"feature_video": WALK}, {"first_frame": 1, "last_frame": 1}, "params.feature_video"),
        (O1, {"duration_s": 7}, {"first_frame": 1}, "params.duration_s"),
        (O1, {"duration_s": 3}, {}, "params.duration_s"),
    ],
)
def test_what_does_not_go_with_the_images_is_refused(model, params, images, path):
    with pytest.raises(InputConflict) as refused:
        ALL_MODELS[model].params(**params).check_inputs(images)

    assert refused.value.path == path


@pytest.mark.parametrize(
    ("model", "images", "facts"),
    [
        (V3, {"first_frame": 1, "last_frame": 1}, {"duration_s": 7, "shots": SHOTS, "element_ids": ["1", "2", "3"]}),
        (V26, {}, {"mode": "pro", **VOICED}),
        (V15, {"first_frame": 1, "static_mask": 1, "dynamic_masks": 2}, {"mode": "pro", "paths": ["10,20 30,40", "1,2 3,4"]}),
        (V16, {"references": 4}, {"aspect_ratio": "1:1", "mode": "pro", "guidance": 0.7}),
        (V30, {"first_frame": 1, "last_frame": 1}, {"prompt": "@cat runs", "elements": [CAT]}),
        (OMNI, {"references": 3}, {"prompt": "@cat runs", "elements": [CAT], "base_video": WALK, "keep_sound": True, "multi_shot": False}),
        (OMNI, {"first_frame": 1, "references": 3}, {"prompt": "@cat runs", "elements": [CAT], "feature_video": WALK}),
        (OMNI, {"references": 7}, {"with_audio": True}),
        (O1, {"references": 3}, {"prompt": "@cat runs", "elements": [CAT], "base_video": WALK, "keep_sound": True, "duration_s": 7}),
        (O1, {"first_frame": 1, "last_frame": 1}, {"duration_s": 10}),
        (V26_NEW, {"first_frame": 1, "last_frame": 1}, {"resolution": "1080p", "duration_s": 10}),
        (V25_NEW, {"first_frame": 1, "last_frame": 1}, {"resolution": "1080p", "prompt": ""}),
        (MOTION, {"references": 1}, {"prompt": "@cat dances", "elements": [CAT], "motion_video": WALK, "resolution": "1080p"}),
    ],
)
def test_fullest_request_is_rendered_and_found_by_our_reference(simulator, model, images, facts):
    spec = ALL_MODELS[model]
    client, request = client_at(simulator, "gateway" if spec.retired else surface_of(spec)), request_with(model, images, **facts)

    submission = client.submit(request)
    simulator.advance(60)

    assert client.poll(submission).state is State.SUCCEEDED
    assert client.look_up("job-1", spec=spec, since=NOON) == submission
    assert paid(simulator) == 1


def test_paths_of_a_model_without_masks_are_refused_by_name():
    with pytest.raises(ValidationError) as refused:
        make_request("kling/kling-v1", paths=["1,2 3,4"])

    assert [(error["loc"], error["type"]) for error in refused.value.errors()] == [(("paths",), "extra_forbidden")]
