"""POST /prompts/plan."""

from __future__ import annotations

from datetime import timedelta

from django.utils import timezone

from prompts.chat import ensure_sandbox_endpoint
from prompts.content_plan import plan_posts, with_captions
from prompts.platforms import PLATFORMS
from prompts.signed import unpack
from providers.messages import translated
from tests.cases import in_one_test

PLAN = {"topics": ["the first snow", "warm tea"], "platforms": ["tiktok"]}


def test_posts_have_prompts_captions_and_times(api, simulator):
    ensure_sandbox_endpoint(simulator.url)
    plan = api.post("/prompts/plan", PLAN).json()
    first, second = plan["posts"]

    assert plan["reason"] is None
    assert first["prompt"].startswith("A video about the first snow.")
    assert first["caption"]
    assert unpack(first["signed"], first["prompt"]) == first["made_from"]
    tomorrow = timezone.localdate() + timedelta(days=1)
    assert [post["post_at"][:10] for post in (first, second)] == [f"{tomorrow}", f"{tomorrow + timedelta(days=1)}"]


def test_without_a_language_model_captions_are_empty_and_the_reason_is_given(api):
    plan = api.post("/prompts/plan", PLAN).json()

    assert ([post["caption"] for post in plan["posts"]], plan["reason"]["code"]) == (["", ""], "chat_none")
    assert api.post("/prompts/plan", PLAN | {"captions": False}).json()["reason"] is None


def test_posts_for_whose_captions_there_was_no_time_are_counted(user, simulator):
    ensure_sandbox_endpoint(simulator.url)
    posts = plan_posts(["snow", "tea"], [PLATFORMS["tiktok"]], first_day=timezone.localdate())

    reason = with_captions(posts, owner=user, within_s=-1).reason
    assert "enough for 0 of 2 captions" in translated(reason)


@in_one_test(
    ("changes", "field"),
    [
        ({"topics": ["x"] * 60, "platforms": ["tiktok", "youtube"]}, "topics"),
        ({"topics": ["{x}"]}, "topics"),
        ({"platforms": [""]}, "platforms"),
        ({"platforms": ["nowhere"]}, "platforms"),
        ({"first_day": "2020-01-01"}, "first_day"),
    ],
)
def test_what_cannot_be_planned_is_refused_by_field(api, changes, field):
    refused = api.post("/prompts/plan", PLAN | changes)

    assert (refused.status_code, list(refused.json()["error"]["fields"])) == (422, [field])
