"""Messages that rows keep are shown in the reader's language, in the words of the current tables."""

from __future__ import annotations

import ast
import json
import re
from pathlib import Path

import pytest
from django.db import connection
from django.utils import timezone, translation

from batches.messages import BATCH_SENTENCES
from generation.lifecycle import Status
from generation.messages import GENERATION_SENTENCES
from generation.models import Dispatch, GenerationTask, TaskEvent
from generation.polling.outcome import ended_there
from generation.scheduling.account_health import handle_error, probe_account
from generation.submitting.reconcile import send_to_review
from generation.submitting.submit import submit
from prompts.messages import PROMPT_SENTENCES
from providers.core.errors import GenerationFailed, RateLimited, Uncertain
from providers.core.messages import LONGEST_TEXT, SENTENCES, Message, say
from providers.core.types import Snapshot, State
from providers.messages import PROVIDER_SENTENCES, translated
from providers.models import ProviderAccount
from tests.cases import in_one_test
from tests.task_rows import attempt_of, codes_of, make_task
from web.alerts import ALERT_SENTENCES
from webhooks.messages import WEBHOOK_SENTENCES

ROOMS = ("api", "batches", "generation", "library", "prompts", "providers", "web", "webhooks")
SOURCES = [path.read_text() for room in ROOMS for path in Path(room).rglob("*.py") if "migrations" not in path.parts]


def in_chinese(message) -> str:
    with translation.override("zh-hans"):
        return translated(message)


def placeholders(text: str) -> list[str]:
    return sorted(re.findall(r"%(?:\((\w+)\)s)?", text.replace("%%", "")))


@in_one_test("code", sorted(SENTENCES))
def test_every_sentence_has_both_languages_and_the_same_placeholders(code):
    with translation.override("zh-hans"):
        chinese = translation.gettext(SENTENCES[code])

    assert chinese != SENTENCES[code]
    assert set(placeholders(chinese)) == set(placeholders(SENTENCES[code]))
    assert "" not in placeholders(SENTENCES[code]), "every placeholder is a %(name)s"


def said_in_the_code() -> list[tuple[str, set[str]]]:
    """Code and names of arguments of every `say("code", ...)`."""
    calls = [node for source in SOURCES for node in ast.walk(ast.parse(source)) if isinstance(node, ast.Call)]
    said = [call for call in calls if isinstance(call.func, ast.Name) and call.func.id == "say"]
    return [
        (word.value, {given.arg or "" for given in call.keywords})
        for call in said
        for word in ast.walk(call.args[0])
        if isinstance(word, ast.Constant) and isinstance(word.value, str) and not word.value.endswith("_")
    ]


def test_every_code_that_is_stored_has_a_sentence_and_its_arguments():
    said = said_in_the_code()

    assert len(said) > 40
    assert {code for code, _names in said} - SENTENCES.keys() == set()
    assert [code for code, names in said if not names >= set(placeholders(SENTENCES[code]))] == []


def test_every_sentence_is_used():
    built = ("test_", "account_", "sheet_", "endpoint_", "budget_full_", "budget_of_", "row_no_such_")  # from a code, reason or kind
    text = "".join(SOURCES)

    assert [code for code in SENTENCES if not code.startswith(built) and text.count(f'"{code}"') < 2] == []


def test_no_two_rooms_have_the_same_code():
    tables = (PROVIDER_SENTENCES, GENERATION_SENTENCES, PROMPT_SENTENCES, WEBHOOK_SENTENCES, BATCH_SENTENCES, ALERT_SENTENCES)

    assert {code for table in tables for code in table} == SENTENCES.keys()
    assert sum(map(len, tables)) == len(SENTENCES)


def test_a_row_keeps_no_words_of_a_sentence_and_shows_those_of_today(db, user):
    task = make_task(user, error_message=say("not_listed") + "[1301]")

    with connection.cursor() as cursor:
        cursor.execute("SELECT error_message FROM generation_generationtask")
        (stored,) = cursor.fetchone()
    assert json.loads(stored) == [{"code": "not_listed", "args": {}}, "[1301]"]
    shown = GenerationTask.objects.get(pk=task.pk).error_message
    with translation.override("zh-hans"):
        assert translated(shown) == translation.gettext(SENTENCES["not_listed"]) + "[1301]" != str(shown)


@in_one_test(
    ("stored", "shown"),
    [
        ([{"code": "made_later", "args": {"id": "v-1", "n": 2}}, "too fast"], "Made later (id: v-1, n: 2) too fast"),
        ([{"code": "made_later"}], "Made later"),
        ([{"code": "followed_by_another", "args": {}}], "The vendor returned the id …, which belongs to another task."),
        ([{"code": "no_reason", "args": {"more": 1}}], "The vendor gave no reason."),
        ([{"code": "no_reason", "args": ["odd"]}], "The vendor gave no reason."),
        ([["a", {}], 7, None, {"text": "odd"}], "['a', {}] 7 {'text': 'odd'}"),
        ("bare", "bare"),
        (None, ""),
        ([], ""),
    ],
)
def test_whatever_is_stored_is_shown_somehow(stored, shown):
    message = Message.of(stored)

    assert str(message) == shown
    assert in_chinese(message) or not shown


@pytest.mark.postgresql
def test_a_message_is_read_back_as_it_was_stored(db, user):
    message = say("id_denied", id="v-1", words="100% gone") + "a vendor's words %(id)s"
    task = make_task(user, error_message=message)

    row = GenerationTask.objects.only("pk").get(pk=task.pk)
    assert row.error_message == message
    assert str(message) == "The vendor has no render with the id v-1. (100% gone) a vendor's words %(id)s"
    assert list(GenerationTask.objects.values_list("error_message", flat=True)) == [message]
    task.error_message = "somebody's words"
    assert task.error_message == Message.of("somebody's words")


def test_other_peoples_words_stay_as_they_are_whatever_is_in_them():
    assert in_chinese(Message.of("100% of the quota %(used)s")) == "100% of the quota %(used)s"
    assert in_chinese(Message.of("The vendor gave no reason.")) == "The vendor gave no reason."
    assert (Message.of(""), bool(Message()), in_chinese(Message())) == (Message(), False, "")


def test_megabytes_of_other_peoples_words_are_cut():
    flood = "x" * 8_000_000
    code = next(name for name, text in SENTENCES.items() if "%(words)s" in text)

    [free, sentence] = (Message.of(flood) + say(code, words=flood)).as_json()

    assert (len(free), len(sentence["args"]["words"])) == (LONGEST_TEXT, LONGEST_TEXT)


def test_an_errors_code_follows_its_words():
    assert RateLimited("Too many.", vendor_code="1302").in_full == Message(("Too many.", "[1302]"))


def test_what_is_taken_out_of_an_errors_words_is_not_stored():
    error = Uncertain("The key sk-1 is wrong.", vendor_code="7")
    error.message = "The key *** is wrong."  # as the client masks it

    assert str(error.in_full) == "The key *** is wrong. [7]"


@pytest.fixture
def account(make_account):
    return make_account("kling", "official-key", "http://127.0.0.1:9")


def test_the_history_says_why_a_review_is_needed(account, user):
    task = make_task(user, status="submitting", account=account, attempt_count=1)
    attempt_of(task, account, dispatch=Dispatch.UNKNOWN, finished_at=timezone.now())
    why = say("sender_lost") + say("not_listed")

    send_to_review(task, Uncertain(why))

    row, event = GenerationTask.objects.get(pk=task.pk), TaskEvent.objects.get(task=task, from_status="submitting")
    assert row.error_message == event.note == why
    assert in_chinese(event.note) == f"{in_chinese(say('sender_lost'))}{in_chinese(say('not_listed'))}"


def test_the_history_says_why_a_task_failed_with_the_vendors_code(account, user):
    task = make_task(user, status="running", account=account)

    ended_there(task, Snapshot(state=State.FAILED, vendor_state="failed", error=GenerationFailed(say("no_reason"), vendor_code="5000")))

    event = TaskEvent.objects.get(task=task, to_status="failed")
    assert event.note == say("no_reason") + "[5000]"


def test_why_an_account_is_in_cooldown_is_stored(account):
    handle_error(account, RateLimited("slow down", vendor_code="1302"))

    row = ProviderAccount.objects.get(pk=account.pk)
    assert row.cooldown_reason == say("account_rate_limited", words="slow down [1302]")


def test_what_a_probe_found_is_stored_too(account):
    ProviderAccount.objects.update(cooldown_until=timezone.now(), cooldown_reason="x")

    probe_account(account.pk)

    row = ProviderAccount.objects.get(pk=account.pk)
    with translation.override("zh-hans"):
        reason = row.breaker(timezone.now()).reason
    assert codes_of(row.cooldown_reason) == ["test_unreachable"]
    assert reason != str(row.cooldown_reason)
    assert "http://127.0.0.1:9" in reason


def test_a_task_that_was_refused_keeps_why_it_waits_and_forgets_it_when_it_is_sent(account, user):
    task = make_task(user, account=account, due_at=timezone.now(), fence=1)

    submit(task.pk, task.fence)

    row = GenerationTask.objects.get(pk=task.pk)
    assert (row.status, codes_of(row.wait_reason)) == (Status.QUEUED, ["account_unreachable"])
    row.move(Status.SUBMITTING, wait_reason=Message())
    assert translated(GenerationTask.objects.get(pk=task.pk).wait_reason) == ""
