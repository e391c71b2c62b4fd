"""Seedance 2.5 of Ark: edits, extensions, drafts and their finals; by table without a socket, then over HTTP against the simulator."""

import pytest
from pydantic import ValidationError

from providers.core.catalog import InputConflict
from providers.core.errors import InvalidParams
from providers.core.types import State
from providers.simulator.testing import SimulatorProcess
from providers.vendors import ALL_MODELS
from tests.cases import in_one_test
from tests.providers.vendors.simulated_surfaces import client_at, paid
from tests.providers.vendors.vendor_samples import asked, make_provider, make_request

V25 = "ark/doubao-seedance-2-5-260628"
PARAMS = ALL_MODELS[V25].params
CLIP, SOUND = "https://files.example/walk.mp4", "https://files.example/voice.mp3"


@in_one_test(
    ("params", "field"),
    [
        ({"resolution": "4k"}, "resolution"),
        ({"duration_s": 31}, "duration_s"),
        ({"seed": 1}, "seed"),
        ({"reference_use": "extend"}, "reference_use"),
        ({"reference_use": "extend", "reference_videos": [CLIP], "aspect_ratio": "16:9"}, "reference_use"),
        ({"reference_use": "edit", "reference_videos": [CLIP]}, "reference_use"),
        ({"draft": True}, "draft"),
        ({"final_of": "cgt-1"}, "final_of"),
        ({"final_of": "cgt-1", "resolution": "1080p", "duration_s": 6}, "final_of"),
        ({"final_of": "cgt-1", "resolution": "1080p", "reference_videos": [CLIP]}, "final_of"),
        ({"final_of": "cgt-1/../2", "resolution": "1080p"}, "final_of"),
    ],
)
def test_setting_that_excludes_another_is_refused_by_field(params, field):
    with pytest.raises(ValidationError) as caught:
        PARAMS(**params)

    assert [error["loc"] for error in caught.value.errors()] == [(field,)]


@in_one_test(
    ("params", "slots", "path"),
    [
        ({"aspect_ratio": "16:9"}, {"first_frame"}, "params.aspect_ratio"),
        ({"reference_use": "reference"}, set(), "params.reference_use"),
        ({"final_of": "cgt-1", "resolution": "1080p"}, {"references"}, "params.final_of"),
    ],
)
def test_setting_that_does_not_go_with_the_images_is_refused_by_path(params, slots, path):
    with pytest.raises(InputConflict) as caught:
        PARAMS(**params).check_inputs(dict.fromkeys(slots, 1))

    assert caught.value.path == path


@in_one_test(
    ("params", "words"),
    [
        (
            {"reference_use": "edit", "duration_auto": True, "reference_videos": [CLIP], "file_format": "mov", "aspect_ratio": "adaptive"},
            {"omni_reference_task_type": "edit", "duration": -1, "ratio": "adaptive", "output_format": "mov"},
        ),
        (
            {"reference_use": "extend", "duration_s": 11, "reference_videos": [CLIP]},
            {"omni_reference_task_type": "extend", "duration": 11},
        ),
        ({"draft": True, "resolution": "480p"}, {"draft": True, "resolution": "480p", "output_format": "mp4"}),
        ({"reference_sounds": [SOUND], "duration_s": 5}, {"duration": 5}),
    ],
)
def test_seedance_2_5_says_edits_extensions_drafts_and_sounds_alone_as_the_vendors_examples_do(params, words):
    assert PARAMS(**params).check_inputs({}) is None

    said = asked(make_provider("ark"), make_request(V25, **params)).json

    assert said.items() >= words.items()
    assert "omni_reference_task_type" in words or "omni_reference_task_type" not in said
    kinds = {"reference_videos": "video_url", "reference_sounds": "audio_url"}
    assert [item["type"] for item in said["content"]] == ["text", *(kinds[name] for name in params if name in kinds)]


def test_final_of_a_draft_names_the_draft_and_nothing_that_it_inherits():
    request = make_request(V25, prompt="", final_of="cgt-20261001100000-abcde", resolution="1080p", file_format="mov")

    assert asked(make_provider("ark"), request).json == {
        "model": "doubao-seedance-2-5-260628",
        "content": [{"type": "draft_task", "draft_task": {"id": "cgt-20261001100000-abcde"}}],
        "resolution": "1080p",
        "output_format": "mov",
        "watermark": False,
        "execution_expires_after": 172_800,
    }


@pytest.mark.parametrize("surface", ["volcengine", "byteplus"])
def test_draft_becomes_a_final_at_the_account_that_made_it(simulator: SimulatorProcess, surface: str) -> None:
    client = client_at(simulator, surface)
    draft = client.submit(make_request(V25, draft=True, resolution="480p"))
    simulator.advance(60)

    final = client.submit(make_request(V25, prompt="", final_of=draft.id, resolution="1080p", file_format="mov"))
    simulator.advance(60)

    assert client.poll(draft).state is client.poll(final).state is State.SUCCEEDED
    assert paid(simulator) == 2


def test_unknown_draft_is_refused_and_costs_nothing(simulator: SimulatorProcess) -> None:
    with pytest.raises(InvalidParams):
        client_at(simulator, "volcengine").submit(make_request(V25, prompt="", final_of="cgt-1", resolution="1080p"))

    assert paid(simulator) == 0


def test_video_is_edited_and_extended(simulator: SimulatorProcess) -> None:
    client = client_at(simulator, "volcengine")
    edit = make_request(V25, reference_use="edit", duration_auto=True, reference_videos=[CLIP])
    extension = make_request(V25, reference_use="extend", duration_s=30, reference_videos=[CLIP])

    tasks = [client.submit(request) for request in (edit, extension)]
    simulator.advance(60)

    assert [client.poll(task).state for task in tasks] == [State.SUCCEEDED] * 2
