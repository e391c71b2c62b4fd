"""Regeneration of a MiniMax draft in 2K, a paid task of the second API."""

from providers.core.types import Submission
from tests.providers.vendors.test_minimax_wire import DRAFT, REGENERATION, WIRE, task
from tests.providers.vendors.vendor_samples import make_request, reply_of


def test_regeneration_gives_the_draft_after_what_it_was_made_from():
    said = WIRE.asked(make_request(REGENERATION, ["references"], base_video=DRAFT, watermark=True))

    assert (said.method, said.path, said.billable) == ("POST", "/v2/video_regeneration", True)
    assert [item.get("role") for item in said.json["content"]] == [None, "reference_image", "base_video"]
    assert said.json["content"][-1] == {"type": "video_url", "video_url": {"url": DRAFT}, "role": "base_video"}
    assert {name: value for name, value in said.json.items() if name != "content"} == {
        "model": "MiniMax-H3",
        "resolution": "2K",
        "aigc_watermark": True,
    }


def test_regeneration_is_asked_about_and_stopped_as_other_tasks_of_v2():
    one = Submission(id="v2-9", model="MiniMax-H3-regeneration")

    assert next(WIRE.provider.poll(one)).path == "/v2/query/video_generation/v2-9"
    assert WIRE.provider.poll_group(one) == "v2"
    assert WIRE.outcome(WIRE.provider.cancel(one), reply_of(task(status="queued")), reply_of({"action": "cancelled"})) is None
