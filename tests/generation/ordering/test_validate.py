"""Whether prompt, settings and images fit together, judged before anything is stored."""

from __future__ import annotations

import pytest

from generation.errors import InvalidRequest
from generation.models import GenerationTask
from generation.ordering.assets import store_asset
from generation.ordering.validate import check_request
from providers.vendors import ALL_MODELS
from tests.cases import in_one_test
from tests.pictures import picture

SHOTS = {"shots": [{"duration_s": 5, "prompt": "A boat leaves the harbour"}]}


@pytest.fixture
def complaints(user, sandbox_accounts):
    """The fields that are wrong; a slot is filled with one image of this size."""

    def check(model, prompt="", params=None, **sizes):
        images = {slot: [store_asset(owner=user, file=picture(size))] for slot, size in sizes.items()}
        try:
            check_request(model=model, prompt=prompt, params=params or {}, inputs=images)
        except InvalidRequest as wrong:
            return wrong.fields
        return {}

    return check


@in_one_test(
    ("model", "prompt", "params", "slots", "wrong"),
    [
        ("kling/kling-v2-6", "", {}, ["first_frame"], []),
        ("kling/kling-v2-6", "", {}, [], ["prompt"]),
        ("kling/kling-v1-5", "", {"mode": "pro"}, ["last_frame"], []),
        ("kling/kling-v1-5", "", {}, ["last_frame"], ["params.mode"]),
        ("kling/kling-v1-5", "a boat", {}, [], ["inputs.first_frame"]),
        ("kling/kling-v2-5-turbo", "", {"mode": "pro"}, ["last_frame"], ["inputs.first_frame"]),
        ("kling/kling-v1-6", "", {}, ["references"], ["prompt"]),
        ("kling/kling-v1-6", "a boat", {}, ["references"], []),
        ("kling/kling-v3", "", {}, ["first_frame"], ["prompt"]),
        ("kling/kling-v3", "", SHOTS, [], []),
        ("kling/kling-v3", "\u200b ", SHOTS, ["first_frame"], []),
        ("kling/kling-v3", "", SHOTS | {"duration_s": 6}, [], ["params.shots"]),
        ("kling/kling-v3", "", {"shots": []}, [], ["prompt"]),
    ],
)
def test_prompt_and_frames_are_asked_for_as_the_vendor_asks(complaints, model, prompt, params, slots, wrong):
    assert list(complaints(model, prompt, params, **dict.fromkeys(slots, (640, 480)))) == wrong


def test_prompt_beside_custom_shots_is_refused_rather_than_dropped(complaints):
    assert complaints("kling/kling-v3", "a boat", SHOTS) == {"prompt": "“Own shots” replaces the prompt: leave one of them empty."}


@pytest.mark.parametrize(
    ("model", "params", "size", "message"),
    [
        ("sora-2", {}, (720, 1280), ""),
        ("sora-2", {"aspect_ratio": "16:9", "resolution": "1024p"}, (1792, 1024), ""),
        ("sora-2", {}, (1280, 720), "The image is 1280 × 720 px; with these settings it must be 720 × 1280 px."),
        ("sora-2-2025-12-08", {}, (720, 1279), "The image is 720 × 1279 px; with these settings it must be 720 × 1280 px."),
        ("sora-2-pro", {"resolution": "1080p"}, (720, 1280), "The image is 720 × 1280 px; with these settings it must be 1080 × 1920 px."),
        ("gateway-model", {"size": "1280x720"}, (640, 480), ""),
    ],
)
def test_first_frame_must_have_the_size_of_the_video_where_the_vendor_wants_it(complaints, model, params, size, message):
    wrong = complaints(f"openai-videos/{model}", "a boat", params, first_frame=size)

    assert wrong == ({"inputs.first_frame": message} if message else {})
    assert not GenerationTask.objects.exists()


def test_setting_that_is_refused_says_nothing_of_the_size(complaints):
    assert list(complaints("openai-videos/sora-2", "a boat", {"resolution": "1080p"}, first_frame=(640, 480))) == ["params.resolution"]


def test_no_model_lacks_what_the_portal_makes_of_an_image():
    """Every image is stored as one of these two."""
    rules = [slot.rules for spec in ALL_MODELS.values() for slot in spec.slots]

    assert all({"image/jpeg", "image/png"} <= set(one.formats) for one in rules)
