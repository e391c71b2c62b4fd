"""/prompts: what a language model writes, or the original with a reason."""

from __future__ import annotations

from uuid import uuid4

import pytest

from generation.models import GenerationTask
from generation.ordering.assets import store_asset
from prompts.chat import ensure_sandbox_endpoint
from tests.cases import in_one_test
from tests.pictures import picture
from tests.task_rows import MODEL

URL = "/api/v1/prompts"


@pytest.fixture
def endpoint(db, simulator):
    return ensure_sandbox_endpoint(simulator.url)


def test_a_prompt_is_enriched_and_the_original_kept(endpoint, client, user):
    client.force_login(user)

    reply = client.post(f"{URL}/enhance", {"prompt": "一个小男孩在球场上踢足球。", "model": MODEL}, content_type="application/json")

    body = reply.json()
    assert reply.status_code == 200
    assert "黑白相间的足球" in body["text"]
    assert (body["original"], body["reason"]) == ("一个小男孩在球场上踢足球。", None)
    assert body["made_from"]["enhanced"] == {"endpoint": "Sandbox writer", "model": "sim-writer"}
    assert GenerationTask.objects.count() == 0


def test_a_wrong_answer_gives_the_original_with_a_reason_in_the_readers_language(endpoint, client, user):
    client.force_login(user)

    reply = client.post(
        f"{URL}/enhance",
        {"prompt": "a fox #fault:chat-tool-call"},
        content_type="application/json",
        headers={"accept-language": "zh-hans"},
    )

    body = reply.json()
    assert (reply.status_code, body["text"], body["made_from"]) == (200, "a fox #fault:chat-tool-call", {})
    assert body["reason"]["code"] == "chat_tool_call"
    assert "语言模型" in body["reason"]["message"]


def test_translation_description_and_caption(endpoint, client, user):
    client.force_login(user)
    asset = store_asset(owner=user, file=picture((200, 400), colour="red"))

    def asked(path, **body):
        return client.post(f"{URL}/{path}", body, content_type="application/json").json()["text"]

    assert asked("translate", prompt="雪地里的狐狸") == "A red fox runs across the snow."
    assert asked("describe", image=str(asset.pk)).startswith("A tall frame in which red prevails.")
    assert asked("describe", image=str(asset.pk), language="zh-hans").startswith("竖幅画面，以红色为主色调")
    assert "#video" in asked("caption", prompt="a fox", platform="YouTube")


@in_one_test(
    ("path", "body", "field"),
    [
        ("enhance", {"prompt": ""}, "prompt"),
        ("enhance", {"prompt": "a fox", "model": "no/such"}, "model"),
        ("enhance", {"prompt": "a fox", "more": 1}, "more"),
        ("translate", {}, "prompt"),
        ("describe", {"image": str(uuid4())}, "image"),
        ("describe", {"image": str(uuid4()), "language": "fr"}, "language"),
    ],
)
def test_what_cannot_be_asked_is_named(client, user, path, body, field):
    client.force_login(user)
    reply = client.post(f"{URL}/{path}", body, content_type="application/json")

    assert (reply.status_code, list(reply.json()["error"]["fields"])) == (422, [field])


def test_somebody_elses_image_is_not_shown_to_a_language_model(endpoint, client, user, staff):
    asset = store_asset(owner=staff, file=picture())
    client.force_login(user)

    assert client.post(f"{URL}/describe", {"image": str(asset.pk)}, content_type="application/json").status_code == 422
