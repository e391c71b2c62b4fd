"""Models of DashScope whose images, videos and sounds are one list: what is said, what excludes what, and how long the video is."""

from decimal import Decimal

import pytest
from pydantic import ValidationError

from providers.core.catalog import InputConflict
from providers.core.types import Charge, Submission
from providers.vendors import ALL_MODELS
from tests.cases import in_one_test
from tests.providers.vendors.simulated_surfaces import client_at
from tests.providers.vendors.vendor_samples import asked, fixture, make_provider, make_request, outcome, reply_of

WAN_3, R2V, EDIT, FLASH = "wan3.0-video", "wan2.7-r2v", "wan2.7-videoedit", "wan2.6-r2v-flash"
CLIPS = [f"https://files.example/{number}.mp4" for number in range(6)]
SOUNDS = [f"https://files.example/{number}.mp3" for number in range(6)]
PICTURES = [f"https://files.example/{number}.jpg" for number in range(10)]
PROVIDER = make_provider("dashscope")


def said(model, slots=None, **facts):
    """The body of a submit, with each image as the word image."""
    request = asked(PROVIDER, make_request(f"dashscope/{model}", slots, **facts))
    assert (request.path, request.billable) == ("services/aigc/video-generation/video-synthesis", True)
    for item in request.json["input"].get("media", ()):
        if item["url"].startswith("data:image/png;base64,"):
            item["url"] = "image"
    return request.json


def media(body):
    return [(item["type"], item["url"]) for item in body["input"]["media"]]


def test_wan_3_from_words_says_its_sound_and_adapts():
    assert said(WAN_3, seed=7) == {
        "model": "wan3.0-video",
        "input": {"prompt": "a boat"},
        "parameters": {
            "resolution": "1080P",
            "ratio": "adaptive",
            "duration": 5,
            "audio": True,
            "prompt_extend": True,
            "watermark": False,
            "seed": 7,
        },
    }


def test_wan_3_may_choose_the_length():
    lengths = [said(WAN_3, duration_s=30, duration_auto=auto)["parameters"]["duration"] for auto in (False, True)]

    assert lengths == [30, -1]


def test_wan_3_lists_frames_or_references_in_their_order():
    frames = said(WAN_3, ["first_frame", "last_frame"], prompt="")
    references = said("wan3.0-video-prime", ["references"], reference_videos=CLIPS[:2], reference_sounds=SOUNDS[:1], with_audio=False)

    assert "prompt" not in frames["input"]
    assert media(frames) == [("first_frame", "image"), ("last_frame", "image")]
    assert media(references) == [
        ("reference_image", "image"),
        ("reference_video", CLIPS[0]),
        ("reference_video", CLIPS[1]),
        ("reference_audio", SOUNDS[0]),
    ]
    assert (references["model"], references["parameters"]["audio"]) == ("wan3.0-video-prime", False)


def test_wan_2_7_from_references_begins_at_a_frame_too():
    body = said(R2V, ["references", "first_frame"], reference_videos=CLIPS[:1], duration_s=10, negative_prompt="fog")

    assert sorted(media(body)) == [("first_frame", "image"), ("reference_image", "image"), ("reference_video", CLIPS[0])]
    assert (body["input"]["negative_prompt"], body["parameters"]["duration"], body["parameters"]["ratio"]) == ("fog", 10, "16:9")


def test_changed_video_keeps_shape_and_length_unless_others_are_named():
    plain, cut = (
        said(EDIT, base_video=CLIPS[0]),
        said(EDIT, ["references"], base_video=CLIPS[0], cut_to_s=4, aspect_ratio="1:1", keep_sound=True),
    )

    assert media(plain) == [("video", CLIPS[0])]
    assert plain["parameters"] == {"audio_setting": "auto", "prompt_extend": True, "resolution": "1080P", "watermark": False}
    assert media(cut) == [("video", CLIPS[0]), ("reference_image", "image")]
    assert {name: cut["parameters"][name] for name in ("duration", "ratio", "audio_setting")} == {
        "duration": 4,
        "ratio": "1:1",
        "audio_setting": "origin",
    }


def test_wan_2_6_flash_has_images_and_videos_in_one_list():
    body = said(FLASH, reference_media=[PICTURES[0], CLIPS[0]], duration_s=2, with_audio=False)

    assert body["input"] == {"prompt": "a boat", "reference_urls": [PICTURES[0], CLIPS[0]]}
    assert {name: body["parameters"][name] for name in ("size", "duration", "audio", "shot_type")} == {
        "size": "1920*1080",
        "duration": 2,
        "audio": False,
        "shot_type": "single",
    }


def test_happyhorse_says_its_watermark_always():
    """Its own default is a mark."""
    text, frame = said("happyhorse-1.1-t2v", resolution="480P", aspect_ratio="9:21"), said("happyhorse-1.0-i2v", prompt="")
    edit = said("happyhorse-1.0-video-edit", ["references"], base_video=CLIPS[0], keep_sound=True)

    assert text["parameters"] == {"resolution": "480P", "ratio": "9:21", "duration": 5, "watermark": False}
    assert (frame["input"], frame["parameters"]["resolution"]) == ({"media": [{"type": "first_frame", "url": "image"}]}, "1080P")
    assert media(edit) == [("video", CLIPS[0]), ("reference_image", "image")]
    assert edit["parameters"] == {"resolution": "1080P", "audio_setting": "origin", "watermark": False}


def test_vidu_has_its_makers_name_and_sizes():
    text = said("viduq3-pro_text2video", resolution="1080P", aspect_ratio="1:1", duration_s=16)
    frames = said("viduq3-turbo_start-end2video", first_image=PICTURES[1], last_image=PICTURES[0])
    references = said("viduq3-mix_reference2video", reference_images=PICTURES[:7])

    assert text["model"] == "vidu/viduq3-pro_text2video"
    assert text["parameters"] == {"size": "1808*1808", "duration": 16, "resolution": "1080P", "audio": False, "watermark": False}
    assert media(frames) == [("image", PICTURES[1]), ("image", PICTURES[0])]
    assert frames["parameters"] == {"duration": 5, "resolution": "720P", "audio": False, "watermark": False}
    assert media(references) == [("image", url) for url in PICTURES[:7]]


def test_h3_has_types_of_its_own():
    frames = said("minimax-h3", first_image=PICTURES[0], last_image=PICTURES[1])
    references = said("minimax-h3", reference_images=PICTURES[:1], reference_videos=CLIPS[:1], reference_sounds=SOUNDS[:1], resolution="2K")

    assert frames["model"] == "MiniMax/MiniMax-H3"
    assert media(frames) == [("first_frame", PICTURES[0]), ("last_frame", PICTURES[1])]
    assert media(references) == [("image_url", PICTURES[0]), ("feature", CLIPS[0]), ("driving_audio", SOUNDS[0])]
    assert references["parameters"] == {"resolution": "2K", "duration": 5, "ratio": "16:9", "watermark": False}


@in_one_test(
    ("model", "params", "field"),
    [
        (WAN_3, {"duration_s": 31}, "duration_s"),
        (WAN_3, {"duration_s": 1}, "duration_s"),
        (WAN_3, {"aspect_ratio": "adaptive"}, "aspect_ratio"),
        (WAN_3, {"negative_prompt": "fog"}, "negative_prompt"),
        (WAN_3, {"reference_videos": CLIPS}, "reference_videos"),
        (WAN_3, {"reference_sounds": SOUNDS}, "reference_sounds"),
        (R2V, {"duration_s": 11, "reference_videos": CLIPS[:1]}, "reference_videos"),
        (EDIT, {"base_video": CLIPS[0], "cut_to_s": 11}, "cut_to_s"),
        (FLASH, {"reference_media": CLIPS}, "reference_media"),
        (FLASH, {"reference_media": CLIPS[:1], "duration_s": 11}, "duration_s"),
        ("wan2.6-r2v", {"reference_videos": CLIPS[:1], "with_audio": False}, "with_audio"),
        ("happyhorse-1.0-t2v", {"resolution": "480P"}, "resolution"),
        ("happyhorse-1.1-i2v", {"aspect_ratio": "1:1"}, "aspect_ratio"),
        ("viduq3-mix_reference2video", {"reference_images": PICTURES[:1], "resolution": "540P"}, "resolution"),
        ("viduq3_reference2video", {"reference_images": PICTURES[:8]}, "reference_images"),
        ("minimax-h3", {"last_image": PICTURES[0]}, "last_image"),
        ("minimax-h3", {"first_image": PICTURES[0], "reference_videos": CLIPS[:1]}, "reference_videos"),
        ("minimax-h3", {"reference_sounds": SOUNDS[:1]}, "reference_sounds"),
        ("minimax-h3", {"aspect_ratio": "adaptive"}, "aspect_ratio"),
        ("minimax-h3", {"first_image": PICTURES[0], "aspect_ratio": "adaptive"}, "aspect_ratio"),
    ],
)
def test_value_that_the_vendor_does_not_take_is_refused_by_field(model, params, field):
    with pytest.raises(ValidationError) as caught:
        ALL_MODELS[f"dashscope/{model}"].params(**params)

    assert [error["loc"][0] for error in caught.value.errors()] == [field]


@in_one_test(
    ("model", "params", "images", "path"),
    [
        (WAN_3, {}, {"last_frame": 1}, "inputs.first_frame"),
        (WAN_3, {}, {"first_frame": 1, "references": 1}, "inputs.references"),
        (WAN_3, {"reference_sounds": SOUNDS[:1]}, {"first_frame": 1}, "inputs.first_frame"),
        (R2V, {}, {"first_frame": 1}, "inputs.references"),
        (R2V, {"reference_videos": CLIPS[:2]}, {"references": 4}, "inputs.references"),
        (R2V, {"aspect_ratio": "1:1"}, {"first_frame": 1, "references": 1}, "params.aspect_ratio"),
    ],
)
def test_what_excludes_each_other_is_refused_by_path(model, params, images, path):
    with pytest.raises(InputConflict) as refused:
        ALL_MODELS[f"dashscope/{model}"].params(**params).check_inputs(images)

    assert refused.value.path == path


def test_images_of_wan_2_7_and_3_may_be_larger_than_those_before():
    """The vendor's pages, read 2026-11-29: sides of 240 to 8,000 pixels, 1:8 to 8:1, 20 MB."""
    slots = [("wan2.7-i2v", "first_frame"), ("wan2.7-i2v", "last_frame"), (R2V, "references"), (EDIT, "references"), (WAN_3, "references")]
    rules = [ALL_MODELS[f"dashscope/{model}"].slot(slot).rules for model, slot in slots]

    found = {(one.min_side_px, one.max_side_px, one.max_bytes, one.min_ratio, one.max_ratio, one.alpha) for one in rules}
    assert found == {(240, 8_000, 20 * 1024 * 1024, 0.125, 8.0, False)}
    assert ALL_MODELS["dashscope/wan2.6-i2v"].slot("first_frame").rules.max_side_px == 2_000


def test_sounds_alone_are_enough_for_wan_3():
    params = ALL_MODELS["dashscope/wan3.0-video"].params(reference_sounds=SOUNDS[:1])

    assert params.check_inputs({}) is None
    assert params.replaces_prompt


@in_one_test(
    ("usage", "seconds", "billed"),
    [
        ({"duration": 5.0, "input_video_duration": 0.0, "output_video_duration": 5.0, "fps": 30, "SR": 720, "ratio": "16:9"}, 5.0, "5.0"),
        ({"duration": 10.04, "input_video_duration": 5.02, "output_video_duration": 5.02, "video_count": 1, "SR": 720}, 5.02, "10.04"),
        ({"duration": 8, "input_seconds": 3, "output_seconds": 5, "total_seconds": 8, "SR": "768"}, 5.0, "8"),
        ({"input_seconds": 3, "output_seconds": 5, "total_seconds": "8"}, 5.0, "8"),
        ({"video_duration": 0, "duration": 7, "video_count": 1}, 7.0, "7"),
        ({"duration": 10, "input_video_duration": 5}, None, "10"),
        ({"duration": "soon"}, None, None),
        (None, None, None),
    ],
)
def test_length_is_that_of_the_video_and_the_charge_counts_those_that_were_given(usage, seconds, billed):
    """What is longer than the file would make a paid file look broken."""
    body = fixture("dashscope_succeeded") | {"usage": usage}

    snapshot = outcome(PROVIDER, PROVIDER.poll(Submission(id="t-1", model=WAN_3)), reply_of(body))

    assert [output.duration_s for output in snapshot.outputs] == [seconds]
    assert snapshot.charge == (Charge(amount=Decimal(billed), unit="seconds") if billed else None)


def test_simulated_length_is_that_of_the_video_though_others_were_given(simulator):
    """The simulator takes a video that is given to be 3 s long, and reports both together first."""
    client = client_at(simulator, "beijing")
    orders = {
        WAN_3: ({"reference_videos": CLIPS[:2], "duration_s": 12}, 12),
        R2V: ({"reference_videos": CLIPS[:1], "duration_s": 10}, 10),
        EDIT: ({"base_video": CLIPS[0], "cut_to_s": 2}, 2),
        "happyhorse-1.0-video-edit": ({"base_video": CLIPS[0]}, 3),
        "happyhorse-1.1-t2v": ({"duration_s": 15}, 15),
        "viduq3-pro_text2video": ({"duration_s": 1}, 1),
        "minimax-h3": ({"reference_videos": CLIPS[:3]}, 5),
        "wan2.6-i2v": ({"duration_s": 14}, 14),
    }

    tasks = {model: client.submit(make_request(f"dashscope/{model}", **params)) for model, (params, _) in orders.items()}
    simulator.advance(60 * len(tasks))

    found = {model: client.poll(task).outputs[0].duration_s for model, task in tasks.items()}
    assert found == {model: seconds for model, (_, seconds) in orders.items()}
