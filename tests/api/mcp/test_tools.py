"""The tools, called with the mcp package's own client: what they answer, whom they refuse, and with what words."""

from __future__ import annotations

from dataclasses import replace

import pytest

from access.callers import Caller
from access.models import ApiToken, Preference
from access.tokens import revoke
from api.mcp.calls import Sender
from generation.lifecycle import Status
from generation.models import GenerationTask, ModelAlias
from tests.api.mcp.talking import called, sender_for, talk, text_of
from tests.task_rows import make_task

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.postgresql]

MODEL = "kling/kling-v2-6"


def test_clients_of_every_revision_see_the_tools(user):
    tools = {"list_models", "create_video", "wait_video", "cancel_video", "search_videos"}

    async def list_them(client):
        return client.protocol_version, {tool.name for tool in (await client.list_tools()).tools}

    assert talk(sender_for(user), list_them) == ("2026-07-28", tools)
    assert talk(sender_for(user), list_them, mode="legacy") == ("2025-11-25", tools)


def test_models_are_those_that_the_token_may_order_now(user, idle_account):
    def listed(sender, **arguments):
        return called(sender, "list_models", **arguments).structured_content["models"]

    everything = listed(sender_for(user))
    only = listed(sender_for(user, models_allowed=(MODEL,)))
    [in_full] = listed(sender_for(user), model=MODEL)

    assert {model["vendor"] for model in everything} == {"Kling"}
    assert [model["name"] for model in only] == [MODEL]
    assert only[0]["params"] is None
    assert "duration_s" in in_full["params"]["properties"]
    assert listed(sender_for(user), search="2.6") == [model for model in everything if "2.6" in model["label"] + model["name"]]


def test_a_video_is_ordered_as_by_the_api_and_once_for_each_key(user, idle_account, make_asset):
    sender, asset = sender_for(user), make_asset(user)
    order = {"model": MODEL, "prompt": "a fox", "params": {"duration_s": 10}, "images": {"first_frame": [str(asset.pk)]}}

    first = called(sender, "create_video", **order, idempotency_key="one fox").structured_content
    again = called(sender, "create_video", **order, idempotency_key="one fox").structured_content
    other = called(sender, "create_video", **order | {"prompt": "a boat"}, idempotency_key="one fox")

    task = GenerationTask.objects.get()
    assert first["task_id"] == again["task_id"] == str(task.pk)
    assert (first["status"], "wait_video" in first["message"]) == ("queued", True)
    assert (task.token, task.params["duration_s"], task.images()) == (ApiToken.objects.get(), 10, {"first_frame": [asset]})
    assert other.is_error
    assert "idempotency_key_reused" in text_of(other)


REFUSED = [
    ({"prompt": "a fox", "model": "nobody/has-it"}, "There is no model “nobody/has-it”."),
    ({"prompt": "", "model": MODEL}, "prompt: Say what the video should show."),
    ({"prompt": "a fox", "model": MODEL, "params": {"duration_s": 7}}, "params.duration_s: "),
    ({"prompt": "a fox", "model": MODEL, "params": {"strange": 1}}, "has no setting “strange”."),
    ({"prompt": "a\0fox", "model": MODEL}, "NUL"),
    ({"prompt": "a fox", "model": MODEL, "params": {"seed": 10**30}}, "too large"),
    ({"prompt": "a fox", "model": MODEL, "images": {"first_frame": ["http://127.0.0.1/a.png"]}}, "The image could not be fetched"),
    ({"prompt": "a fox", "model": MODEL, "images": {"first_frame": ["0199aaaa-0000-7000-8000-000000000000"]}}, "There is no such asset."),
    ({"prompt": "a fox", "model": MODEL, "idempotency_key": "x" * 256}, "at most 255 characters"),
    ({"model": MODEL, "images": "first.png"}, "images"),
    ({"model": MODEL, "prompt": "a fox", "image": "https://example.com/a.png"}, "there is no argument image."),
    ({"prompt": "a fox", "model": MODEL, "images": {"references": ["http://127.0.0.1/a.png"] * 33}}, "Send at most 32 images."),
]


def test_a_wrong_order_says_what_is_wrong_and_stores_nothing(user, idle_account):
    sender = sender_for(user)
    wrong = [(arguments, text_of(called(sender, "create_video", **arguments))) for arguments, _words in REFUSED]

    assert [pair for pair, (_arguments, words) in zip(wrong, REFUSED, strict=True) if words not in pair[1]] == []
    assert not GenerationTask.objects.exists()


def test_a_token_may_do_what_it_may_do_in_the_api(user, staff, idle_account):
    order = {"model": MODEL, "prompt": "a fox"}
    cases = [
        (sender_for(user, scopes=("read",)), "insufficient_scope"),
        (sender_for(user, models_allowed=("kling/kling-v2-5-turbo",)), "model_not_allowed"),
        (sender_for(user, networks=("10.0.0.0/8",)), "address_not_allowed"),
        (sender_for(user, only="local"), "no_account"),
        (Sender(token="vp_wrong"), "not_authenticated"),
        (Sender(), "not_authenticated"),
    ]

    results = [called(sender, "create_video", **order) for sender, _code in cases]

    said = [result.is_error and text_of(result).endswith(f"({code})") for result, (_sender, code) in zip(results, cases, strict=True)]
    assert said == [True] * len(cases)
    assert not GenerationTask.objects.exists()
    assert called(Sender(user_id=staff.pk), "create_video", **order).structured_content["status"] == "queued"


def test_calls_count_for_the_tokens_rate_and_a_wait_counts_once(user):
    sender, task = sender_for(user, rate_per_minute=2), make_task(user)

    answers = [called(sender, "wait_video", task_id=str(task.pk), timeout_seconds=0.6) for _each in range(3)]

    assert [answer.is_error for answer in answers] == [False, False, True]
    assert "Try again in" in text_of(answers[2])


def test_tasks_of_others_do_not_exist(user, other_user, idle_account):
    task, sender = make_task(other_user), sender_for(user)

    answers = [called(sender, tool, task_id=str(task.pk)) for tool in ("wait_video", "cancel_video")]
    found = called(sender, "search_videos", query="boat")

    assert [text_of(answer).partition(": ")[2] for answer in answers] == ["There is no such task. (not_found)"] * 2
    assert found.structured_content == {"videos": [], "next_cursor": None}
    assert GenerationTask.objects.get().status == Status.QUEUED


def test_a_waiting_task_is_cancelled(user, idle_account):
    answer = called(sender_for(user), "cancel_video", task_id=str(make_task(user, account=idle_account).pk))

    assert answer.structured_content["status"] == "cancelled"


def test_a_failed_render_says_why_and_what_to_do(user):
    failed = make_task(user, status=Status.FAILED, error_code="content_rejected")

    answer = called(sender_for(user), "wait_video", task_id=str(failed.pk))

    assert answer.is_error
    assert "The vendor's safety check rejected your request. Change the prompt" in answer.structured_content["message"]


def test_a_revoked_token_is_refused_at_the_next_call(user):
    sender = sender_for(user)
    revoke(ApiToken.objects.get(), by=Caller(user=user))

    assert "Send a valid token" in text_of(called(sender, "search_videos"))


def test_answers_are_in_the_callers_language(user, idle_account):
    english = sender_for(user)
    chinese = replace(english, language="zh-CN,zh;q=0.9")
    task = make_task(user, account=idle_account)

    def said(sender):
        refused = text_of(called(sender, "create_video", model=MODEL, prompt=""))
        return refused, called(sender, "wait_video", task_id=str(task.pk), timeout_seconds=0).structured_content["message"]

    assert "Say what" in said(english)[0]
    refused, told = said(chinese)
    assert "视频里应该出现什么" in refused
    assert "轮到" in told
    Preference.objects.create(user=user, language="zh-hans")
    assert said(english) == said(replace(english, language="*")) == said(chinese)
    assert said(replace(chinese, language="en"))[0].count("Say what") == 1


def test_an_alias_is_listed_and_ordered(user, idle_account):
    ModelAlias.objects.create(name="sora-2", model=MODEL)
    sender = sender_for(user)

    [listed] = called(sender, "list_models", model="sora-2").structured_content["models"]
    ordered = called(sender, "create_video", model="sora-2", prompt="a fox").structured_content

    assert (listed["name"], ordered["model"]) == (MODEL, MODEL)
    assert "duration_s" in listed["params"]["properties"]
