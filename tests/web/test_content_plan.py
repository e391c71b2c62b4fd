"""The page of the content plan: a table with captions and times, which becomes a CSV or a batch."""

from __future__ import annotations

import csv
import io
from datetime import timedelta

from django.utils import timezone

from batches.models import Batch, State
from prompts.chat import ensure_sandbox_endpoint
from tests.batches.checking.conftest import to_the_end

TOPICS = "the first snow\n\n北京初雪\nthe first snow"


def sent(**changes):
    tomorrow = timezone.localdate() + timedelta(days=1)
    body = {
        "topics": TOPICS,
        "platforms": ["tiktok", "xiaohongshu"],
        "first_day": tomorrow.isoformat(),
        "every_days": "2",
        "captions": "on",
    }
    return body | changes


def columns(posts):
    return {name: [post[name] for post in posts] for name in ("topic", "platform", "prompt", "caption", "at")}


def test_each_topic_and_platform_gets_a_prompt_a_caption_and_a_time(visitor, simulator):
    ensure_sandbox_endpoint(simulator.url)
    posts = visitor.post("/content-plan/", sent(style="anime")).context["posts"]

    assert [(post["topic"], post["platform"]) for post in posts] == [
        ("the first snow", "xiaohongshu"),
        ("the first snow", "tiktok"),
        ("北京初雪", "xiaohongshu"),
        ("北京初雪", "tiktok"),
    ]
    assert posts[1]["prompt"].startswith("A video about the first snow. hand-drawn anime style")
    assert "竖屏视频" in posts[3]["prompt"]
    assert all(post["caption"] for post in posts)
    tomorrow = timezone.localdate() + timedelta(days=1)
    assert [post["at"].date() for post in posts] == [tomorrow, tomorrow, tomorrow + timedelta(days=2), tomorrow + timedelta(days=2)]
    assert [post["at"].hour for post in posts] == [8, 12, 12, 19]


def test_without_a_language_model_captions_are_empty_and_the_page_says_why(visitor):
    page = visitor.post("/content-plan/", sent())

    assert {post["caption"] for post in page.context["posts"]} == {""}
    assert "No language model is set up" in page.text
    assert "captions are missing" not in visitor.post("/content-plan/", sent(captions="")).text


def test_what_cannot_be_planned_is_said_at_its_field(visitor):
    assert "“platforms”" not in visitor.get("/content-plan/").text
    for wrong in ({"topics": "{x}"}, {"topics": "\n".join(map(str, range(31)))}, {"platforms": []}, {"first_day": "2020-01-01"}):
        reply = visitor.post("/content-plan/", sent(**wrong))
        assert reply.status_code == 422
        assert list(reply.context["form"].errors) == list(wrong)


def test_the_table_as_edited_becomes_a_csv_and_a_batch(visitor, user, sandbox_accounts):
    posts = visitor.post("/content-plan/", sent(captions="")).context["posts"]
    table = columns([post | {"at": f"{post['at']:%Y-%m-%d %H:%M}", "caption": "=A1 so\npretty"} for post in posts])
    answer = visitor.post("/content-plan/plan.csv", table)
    rows = list(csv.reader(io.StringIO(answer.getvalue().decode("utf-8-sig"))))
    assert rows[0] == ["topic", "platform", "prompt", "caption", "post at"]
    assert [row[3] for row in rows[1:]] == ["'=A1 so pretty"] * 4

    reply = visitor.post("/content-plan/batch", table)
    batch = to_the_end(Batch.objects.get())
    assert reply.url == f"/batches/{batch.pk}/"
    assert (batch.state, batch.rows.count()) == (State.CHECKED, 4)
    order = batch.rows.first().order
    assert order["prompt"] == posts[0]["prompt"]
    assert order["metadata"] == {"topic": "the first snow", "caption": "=A1 so pretty", "post_at": rows[1][4]}
    assert order["made_from"]["platform"] == "xiaohongshu"
