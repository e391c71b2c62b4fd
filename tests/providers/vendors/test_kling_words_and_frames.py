"""Kling without a prompt and without a first frame: which models take that, how it is said, and that the simulator renders it."""

import pytest

from providers.core.catalog import InputConflict
from providers.core.types import State
from providers.vendors import ALL_MODELS
from tests.cases import in_one_test
from tests.providers.vendors.simulated_surfaces import client_at, paid, surface_of
from tests.providers.vendors.vendor_samples import NOON, asked, make_provider, make_request

V3, V26, V21, V16, V15, V1 = (f"kling/kling-{name}" for name in ("v3", "v2-6", "v2-1", "v1-6", "v1-5", "v1"))
CLASSIC = [f"kling/kling-{name}" for name in ("v2-6", "v2-5-turbo", "v2-1-master", "v2-1", "v2-master", "v1-6", "v1-5", "v1")]
SHOTS = [{"duration_s": 3, "prompt": "A boat leaves"}, {"duration_s": 4, "prompt": "The open sea"}]


@in_one_test("model", CLASSIC)
def test_only_a_frame_needs_no_prompt(model):
    spec = ALL_MODELS[model]

    assert not spec.needs_words({"first_frame"})
    assert spec.needs_words({})
    assert spec.needs_words({"references"})


def test_newest_classic_model_needs_a_prompt_or_custom_shots():
    spec = ALL_MODELS[V3]

    assert spec.needs_words({"first_frame"})
    assert spec.params(shots=SHOTS, duration_s=7).replaces_prompt
    assert not spec.params(multi_shot=True).replaces_prompt


def test_empty_prompt_is_not_sent():
    assert "prompt" not in asked(make_provider("kling"), make_request(V26, ["first_frame"], prompt="")).json


def test_custom_shots_replace_the_prompt():
    """Also where a task that was made before had both."""
    body = asked(make_provider("kling"), make_request(V3, prompt="a boat", shots=SHOTS, duration_s=7)).json

    assert "prompt" not in body
    assert [shot["prompt"] for shot in body["multi_prompt"]] == ["A boat leaves", "The open sea"]


@pytest.mark.parametrize(("model", "params"), [(V15, {"mode": "pro"}), (V16, {"mode": "pro"})])
def test_last_frame_alone_is_taken_where_the_vendor_takes_it(model, params):
    assert ALL_MODELS[model].params(**params).check_inputs({"last_frame": 1}) is None


@pytest.mark.parametrize("model", [V1, "kling/kling-v2-5-turbo", V26, V21, V3])
def test_last_frame_alone_is_refused_by_the_others(model):
    with pytest.raises(InputConflict) as refused:
        ALL_MODELS[model].params(mode="pro").check_inputs({"last_frame": 1})

    assert refused.value.path == "inputs.first_frame"


@pytest.mark.parametrize("images", [{}, {"static_mask": 1}])
def test_one_of_the_frames_is_needed_where_text_alone_is_not_taken(images):
    with pytest.raises(InputConflict, match=r"A first or a last frame is needed\.") as refused:
        ALL_MODELS[V15].params(mode="pro").check_inputs(images)

    assert refused.value.path == "inputs.first_frame"
    assert ALL_MODELS[V15].one_of_slots == ("first_frame", "last_frame")


@pytest.mark.parametrize("model", [V21, V26, V3])
def test_no_other_model_leaves_the_choice(model):
    assert ALL_MODELS[model].one_of_slots == ()


@pytest.mark.parametrize(
    ("model", "params", "images", "path"),
    [
        (V1, {"duration_s": 10}, {"first_frame": 1, "last_frame": 1}, "params.duration_s"),
        (V15, {"duration_s": 10, "mode": "pro"}, {"first_frame": 1, "static_mask": 1}, "params.duration_s"),
        (V26, {"mode": "pro", "with_audio": True}, {"first_frame": 1, "last_frame": 1}, "params.with_audio"),
    ],
)
def test_what_images_leave_no_choice_of_is_refused_by_field(model, params, images, path):
    with pytest.raises(InputConflict) as refused:
        ALL_MODELS[model].params(**params).check_inputs(images)

    assert refused.value.path == path


def test_lost_submit_from_a_last_frame_is_looked_for_where_images_are():
    assert next(make_provider("kling").look_up("job-1", ALL_MODELS[V15], NOON, ())).path == "/v1/videos/image2video/job-1"


@pytest.mark.parametrize(
    ("model", "slots", "params"),
    [
        (V26, ["first_frame"], {}),
        (V21, ["first_frame", "last_frame"], {"mode": "pro"}),
        (V15, ["last_frame"], {"mode": "pro"}),
        (V16, ["last_frame"], {"mode": "pro", "duration_s": 10}),
        (V3, ["first_frame", "last_frame"], {"with_audio": True, "shots": SHOTS, "duration_s": 7}),
        (V3, [], {"shots": SHOTS, "duration_s": 7}),
        (V3, ["first_frame"], {"shots": SHOTS, "duration_s": 7}),
    ],
)
def test_wordless_request_is_rendered(simulator, model, slots, params):
    spec, request = ALL_MODELS[model], make_request(model, slots, prompt="", **params)
    client = client_at(simulator, "gateway" if spec.retired else surface_of(spec))

    submission = client.submit(request)
    simulator.advance(60)

    assert client.poll(submission).state is State.SUCCEEDED
    assert paid(simulator) == 1
