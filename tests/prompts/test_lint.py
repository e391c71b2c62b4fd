"""The lint says what a model would refuse or render badly, before it is paid for."""

from __future__ import annotations

import pytest

from access.callers import Caller
from generation.lifecycle import Status
from prompts.history import refusals_of
from prompts.lint import Refusals, lint
from prompts.words import words_of
from providers.vendors import ALL_MODELS, find_model
from tests.cases import in_one_test
from tests.task_rows import MODEL, make_task

SPEC = find_model(MODEL)
WITH_NEGATIVE = next(spec for spec in ALL_MODELS.built_in.values() if "negative_prompt" in spec.params.model_fields)
WITHOUT_NEGATIVE = next(spec for spec in ALL_MODELS.built_in.values() if "negative_prompt" not in spec.params.model_fields)


def codes(text, spec=SPEC, **others):
    return [one.code for one in lint(spec, text, **others)]


def test_a_good_prompt_has_no_findings():
    assert codes("a red fox runs across fresh snow, low camera, morning light", params={"duration_s": 5}) == []


def test_too_long_is_an_error_that_says_by_how_much():
    (found,) = lint(SPEC, "x" * (SPEC.max_prompt_chars + 1))

    assert (found.code, found.level) == ("too_long", "error")
    assert str(SPEC.max_prompt_chars) in found.message


def test_a_negative_prompt_is_named_where_the_model_has_none():
    assert codes("a fox", WITHOUT_NEGATIVE, negative_text="blurry") == ["negative_not_supported"]
    assert codes("a fox", WITH_NEGATIVE, negative_text="blurry") == []
    assert codes("a fox", WITH_NEGATIVE, params={"negative_prompt": "x" * 5_000}) == ["negative_too_long"]


@in_one_test(
    "text",
    [
        "a shop window with the text SALE",
        "a sign that says OPEN",
        "a poster reads hello",
        "a dancer, subtitles below",
        "a fox, without people, with a bold headline",
        "店门口的招牌写着“开业大吉”",
        "画面下方出现一行文字",
        "配上字幕",
    ],
)
def test_text_in_the_picture_is_named(text):
    assert codes(text) == ["text_in_picture"]


@in_one_test(
    "text",
    ["a fox, no text or subtitles", "without any captions", "a quiet context", "画面不要出现文字", "无字幕", "read a book", "一本打开的书"],
)
def test_no_text_is_not_a_request_for_text(text):
    assert codes(text) == []


@in_one_test(
    "text",
    [
        "a fox runs, cut to a city",
        "a beach, then the scene changes",
        "a fox. Scene 2: a city",
        "狐狸奔跑，镜头切换到城市",
        "下一个镜头是城市",
    ],
)
def test_two_scenes_are_named_in_a_short_video_only(text):
    assert codes(text, params={"duration_s": 5}) == ["two_scenes"]
    assert codes(text, params={"duration_s": 10}) == []


def test_words_are_those_of_a_language_without_spaces_too():
    assert words_of("A Fox, 红狐狸!") == {"fox", "红狐", "狐狸"}


def test_words_that_were_refused_before_are_named():
    refused = Refusals(texts=frozenset({"a bloody sword"}), words=frozenset({"bloody", "血腥"}))

    assert codes("a bloody sword", refused=refused) == ["refused_before"]
    assert codes("bloody hands, 血腥的画面", refused=refused) == ["refused_words"]
    assert codes("bloodless", refused=refused) == []


@pytest.fixture
def history(user):
    """Make eleven tasks that succeeded and two that the safety check refused."""
    for number in range(11):
        make_task(user, prompt=f"a calm river number {number}", status=Status.SUCCEEDED)
    for text in ("a gory river", "gory hands"):
        make_task(user, prompt=text, status=Status.FAILED, error_code="content_rejected")
    make_task(user, prompt="gory but only broken", status=Status.FAILED, error_code="generation_failed")


def test_history_has_the_words_that_only_refused_prompts_have(user, other_user, history):
    found = refusals_of(Caller(user=user), SPEC)

    assert found.texts == {"a gory river", "gory hands"}
    assert found.words == {"gory"}
    assert refusals_of(Caller(user=other_user), SPEC) == Refusals()
    another = next(spec for spec in ALL_MODELS.built_in.values() if spec.provider != SPEC.provider)
    assert refusals_of(Caller(user=user), another) == Refusals()


def test_a_few_accepted_prompts_prove_nothing_about_words(user):
    for text in ("a gory river", "gory hands"):
        make_task(user, prompt=text, status=Status.FAILED, error_code="content_rejected")

    assert refusals_of(Caller(user=user), SPEC).words == frozenset()
