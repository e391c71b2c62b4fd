"""The Studio lets a language model write: before and after, back to one's own text, and what was ordered remembers it."""

from __future__ import annotations

import html
import re

import pytest

from generation.models import Prompt
from prompts.chat import ensure_sandbox_endpoint
from tests.web.page_rows import make_asset
from tests.web.test_studio import order

IDEA = "a boy plays football"


@pytest.fixture
def endpoint(db, simulator):
    return ensure_sandbox_endpoint(simulator.url)


def written(client, prompt=IDEA, purpose="enhance", **more):
    return client.post("/studio/write/", {**order(prompt=prompt), "purpose": purpose, **more}).content.decode()


def carried(page):
    """Return what the button “Use this text” puts into the form: the text, and how it came to be."""
    packed, text = re.search(r'data-from="([^"]+)" value="([^"]+)"', page).groups()
    return html.unescape(text), packed


def test_both_texts_are_shown_and_either_can_be_taken(endpoint, visitor):
    page = written(visitor)

    assert "Before" in page
    assert "gold number" in page
    assert f'data-from="" value="{IDEA}"' in page


def test_an_order_remembers_what_the_text_was_made_from_also_after_an_edit(endpoint, visitor, accounts):
    text, packed = carried(written(visitor))
    for number, (prompt, sent) in enumerate([(text.replace("blue", "red"), packed), ("whales", packed), (text, packed[:-2])]):
        visitor.post("/studio/", order(prompt=prompt, made_from=sent, key=f"press-{number}"))

    edited, other, forged = (row.made_from for row in Prompt.objects.order_by("pk"))
    assert edited == {"original": IDEA, "enhanced": {"endpoint": "Sandbox writer", "model": "sim-writer"}}
    assert (other, forged) == ({}, {})


def test_a_wrong_answer_leaves_the_text_and_says_why_in_chinese_too(endpoint, visitor):
    assert "Your text is unchanged." in written(visitor, "a fox #fault:chat-tool-call")
    page = visitor.post(
        "/studio/write/",
        order(prompt="a fox #fault:chat-tool-call", purpose="enhance"),
        headers={"accept-language": "zh-hans"},
    ).content.decode()
    assert "你的文字没有改动" in page
    assert "语言模型要求调用工具" in page


def test_translation_first_frame_and_nothing_to_write_about(endpoint, visitor, user):
    frame = {"first_frame": str(make_asset(user).pk)}

    assert "A red fox runs across the snow." in written(visitor, "雪地里的狐狸", "translate")
    assert "Type an idea first" in written(visitor, "  ")
    assert "Type an idea first" in written(visitor, "", "describe")
    assert "frame in which" in written(visitor, "the boat turns", "describe", **frame)
    assert visitor.post("/studio/write/", order(purpose="caption")).status_code == 404
    assert visitor.get("/studio/write/").status_code == 405
