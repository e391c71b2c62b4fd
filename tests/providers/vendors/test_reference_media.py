"""Videos and sounds by public address: how they are sent to each vendor, what excludes them, and that the simulator accepts it all."""

import pytest
from pydantic import ValidationError

from providers.core.catalog import InputConflict
from providers.core.types import GenerationRequest, State
from providers.vendors import ALL_MODELS
from tests.providers.vendors.simulated_surfaces import client_at, paid, surface_of
from tests.providers.vendors.vendor_samples import asked, make_provider, make_request, picture

SEEDANCE_2_5 = "ark/doubao-seedance-2-5-260628"
SEEDANCE, H3 = "ark/doubao-seedance-2-0-260128", "minimax/MiniMax-H3"
REGENERATION = "minimax/MiniMax-H3-regeneration"
WAN_3, WAN_I2V, WAN_R2V = "dashscope/wan3.0-video", "dashscope/wan2.7-i2v", "dashscope/wan2.6-r2v"
CLIPS = [f"https://files.example/{number}.mp4" for number in range(4)]
SOUNDS = [f"https://files.example/{number}.mp3" for number in range(4)]
BY_ROLE = pytest.mark.parametrize("model", [SEEDANCE, H3])


@BY_ROLE
def test_references_are_contents_with_their_roles(model):
    request = make_request(model, ["references"], reference_videos=CLIPS[:2], reference_sounds=SOUNDS[:1])

    said = asked(make_provider(request.spec.provider), request).json

    assert [item["type"] for item in said["content"]] == ["text", "image_url", "video_url", "video_url", "audio_url"]
    assert said["content"][2:] == [
        {"type": "video_url", "video_url": {"url": CLIPS[0]}, "role": "reference_video"},
        {"type": "video_url", "video_url": {"url": CLIPS[1]}, "role": "reference_video"},
        {"type": "audio_url", "audio_url": {"url": SOUNDS[0]}, "role": "reference_audio"},
    ]
    assert not {"reference_videos", "reference_sounds"} & said.keys()


@BY_ROLE
@pytest.mark.parametrize("name", ["reference_videos", "reference_sounds"])
def test_three_of_a_kind_are_the_most(model, name):
    with pytest.raises(ValidationError) as refused:
        ALL_MODELS[model].params(**{name: CLIPS})

    assert [(error["loc"], error["type"]) for error in refused.value.errors()] == [((name,), "too_long")]


@BY_ROLE
@pytest.mark.parametrize("params", [{"reference_videos": CLIPS[:1]}, {"reference_sounds": SOUNDS[:1]}])
def test_reference_media_and_frames_exclude_each_other(model, params):
    with pytest.raises(InputConflict) as refused:
        ALL_MODELS[model].params(**params).check_inputs({"first_frame": 1})

    assert refused.value.path == "inputs.first_frame"


def test_seedance_2_0_takes_references_at_4k_and_no_sound_without_a_picture():
    params = ALL_MODELS[SEEDANCE].params(reference_sounds=SOUNDS[:1], resolution="4k")

    with pytest.raises(InputConflict) as refused:
        params.check_inputs({})

    assert refused.value.path == "params.reference_sounds"
    assert params.check_inputs({"references": 1}) is None


def test_h3_takes_twelve_references_together():
    params = ALL_MODELS[H3].params(reference_videos=CLIPS[:3], reference_sounds=SOUNDS[:3])

    assert params.check_inputs({"references": 6}) is None
    with pytest.raises(InputConflict) as refused:
        params.check_inputs({"references": 7})
    assert refused.value.path == "inputs.references"


def test_h3_adapts_to_any_reference():
    params = ALL_MODELS[H3].params(reference_videos=CLIPS[:1], aspect_ratio="adaptive")

    assert params.check_inputs({}) is None
    assert (
        asked(make_provider("minimax"), make_request(H3, reference_videos=CLIPS[:1], aspect_ratio="adaptive")).json["ratio"] == "adaptive"
    )


def test_wan_2_7_goes_on_from_a_clip_towards_a_last_frame():
    request = make_request(WAN_I2V, ["last_frame"], first_clip=CLIPS[0], audio_url=SOUNDS[0])

    media = asked(make_provider("dashscope"), request).json["input"]["media"]

    assert [item["type"] for item in media] == ["last_frame", "first_clip", "driving_audio"]
    assert [item["url"] for item in media[1:]] == [CLIPS[0], SOUNDS[0]]


@pytest.mark.parametrize(
    ("params", "images", "path"),
    [
        ({"first_clip": CLIPS[0]}, {"first_frame": 1}, "params.first_clip"),
        ({}, {}, "inputs.first_frame"),
        ({}, {"last_frame": 1}, "inputs.first_frame"),
    ],
)
def test_wan_2_7_begins_at_a_frame_or_at_a_clip(params, images, path):
    with pytest.raises(InputConflict) as refused:
        ALL_MODELS[WAN_I2V].params(**params).check_inputs(images)

    assert refused.value.path == path


def test_wan_r2v_says_videos_size_and_shots():
    request = make_request(WAN_R2V, reference_videos=CLIPS[:3], duration_s=10, multi_shot=True, aspect_ratio="9:16", resolution="720P")

    said = asked(make_provider("dashscope"), request)

    assert said.path == "services/aigc/video-generation/video-synthesis"
    assert said.json["input"] == {"prompt": "a boat", "reference_video_urls": CLIPS[:3]}
    assert said.json["parameters"] == {
        "size": "720*1280",
        "duration": 10,
        "prompt_extend": True,
        "watermark": False,
        "shot_type": "multi",
    }


@pytest.mark.parametrize(("videos", "kind"), [(None, "missing"), ([], "too_short"), (CLIPS, "too_long")])
def test_wan_r2v_needs_one_to_three_videos(videos, kind):
    spec = ALL_MODELS[WAN_R2V]

    with pytest.raises(ValidationError) as refused:
        spec.params(**{} if videos is None else {"reference_videos": videos})

    assert [(error["loc"], error["type"]) for error in refused.value.errors()] == [(("reference_videos",), kind)]
    assert list(spec.needed_params) == ["reference_videos"]
    assert spec.json_schema()["required"] == ["reference_videos"]


@pytest.mark.parametrize(
    ("model", "slots", "params"),
    [
        (SEEDANCE, {"references": 9}, {"reference_videos": CLIPS[:3], "reference_sounds": SOUNDS[:3], "resolution": "4k"}),
        (SEEDANCE_2_5, {"references": 30}, {"reference_videos": CLIPS[:1] * 10, "reference_sounds": SOUNDS[:1] * 10, "duration_s": 30}),
        (SEEDANCE_2_5, {}, {"reference_sounds": SOUNDS[:1]}),
        (H3, {"references": 6}, {"reference_videos": CLIPS[:3], "reference_sounds": SOUNDS[:3], "aspect_ratio": "adaptive"}),
        (REGENERATION, {"references": 6}, {"base_video": CLIPS[3], "reference_videos": CLIPS[:3], "reference_sounds": SOUNDS[:3]}),
        (WAN_I2V, {"last_frame": 1}, {"first_clip": CLIPS[0], "audio_url": SOUNDS[0]}),
        (WAN_R2V, {}, {"reference_videos": CLIPS[:3], "resolution": "720P"}),
        (WAN_3, {"references": 10}, {"reference_videos": [CLIPS[0]] * 5, "reference_sounds": [SOUNDS[0]] * 5, "duration_auto": True}),
        ("dashscope/wan2.7-r2v", {"references": 3, "first_frame": 1}, {"reference_videos": CLIPS[:2], "duration_s": 10}),
        ("dashscope/wan2.7-videoedit", {"references": 4}, {"base_video": CLIPS[0], "cut_to_s": 2, "aspect_ratio": "16:9"}),
        ("dashscope/happyhorse-1.0-video-edit", {"references": 5}, {"base_video": CLIPS[0], "keep_sound": True}),
        (
            "dashscope/minimax-h3",
            {},
            {"reference_images": [CLIPS[0]] * 9, "reference_videos": CLIPS[:3], "reference_sounds": SOUNDS[:3], "aspect_ratio": "adaptive"},
        ),
    ],
)
def test_fullest_request_is_rendered(simulator, model, slots, params):
    spec = ALL_MODELS[model]
    files = {slot: tuple(picture(slot) for _ in range(count)) for slot, count in slots.items()}
    options = spec.params(**params)
    options.check_inputs(slots)
    client = client_at(simulator, surface_of(spec))

    submission = client.submit(GenerationRequest(spec=spec, prompt="a boat", params=options, inputs=files, reference="r-1"))
    simulator.advance(60)

    assert client.poll(submission).state is State.SUCCEEDED
    assert paid(simulator) == 1
