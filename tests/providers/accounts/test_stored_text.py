"""What is kept of a sentence for people is told in the language of whoever reads it."""

from __future__ import annotations

import pytest
from django.utils import timezone, translation

from generation.lifecycle import Status
from generation.models import Dispatch, GenerationTask, TaskEvent
from generation.polling.outcome import NO_REASON
from generation.scheduling.account_health import handle_error, probe_account
from generation.submitting.acceptance import CAME_LATE
from generation.submitting.reconcile import LOST, NOT_LISTED, park
from generation.submitting.submit import submit
from providers.core.errors import GenerationFailed, RateLimited, Uncertain
from providers.models import ProviderAccount
from providers.stored_text import in_full, kept, parts_of, say, tell
from tests.task_rows import attempt_of, make_task

ACCEPTS = "%(vendor)s accepts the credentials."


def in_chinese(words, parts=()) -> str:
    with translation.override("zh-hans"):
        return tell(words, parts)


def chinese(msgid) -> str:
    with translation.override("zh-hans"):
        translated = translation.gettext(msgid)
    assert translated != msgid
    return translated


def test_a_sentence_is_english_and_knows_its_parts():
    sentence = say(ACCEPTS, vendor="Kling").then("[1301]").then(LOST)

    assert sentence == f"Kling accepts the credentials. [1301] {LOST}"
    assert parts_of(sentence) == [[ACCEPTS, {"vendor": "Kling"}], ["[1301]", {}], [LOST, {}]]
    assert in_chinese(sentence) == f"{chinese(ACCEPTS) % {'vendor': 'Kling'}} [1301] {chinese(LOST)}"


def test_other_peoples_words_stay_as_they_are_whatever_is_in_them():
    assert in_chinese("100% of the quota %(used)s") == "100% of the quota %(used)s"
    assert in_chinese(say("100% of the quota")) == "100% of the quota"
    assert (parts_of("quota"), say(""), in_chinese("")) == ([], "", "")


def test_rows_from_before_are_told_too():
    assert in_chinese(CAME_LATE, []) == chinese(CAME_LATE)
    assert kept("a vendor's words", []) == "a vendor's words"


def test_an_errors_code_stands_behind_its_words():
    assert in_full(RateLimited("Too many.", vendor_code="1302")) == "Too many. [1302]"


@pytest.fixture
def account(make_account):
    return make_account("kling", "official-key", "http://127.0.0.1:9")


def test_the_history_tells_why_a_review_is_needed(account, user):
    task = make_task(user, status="submitting", account=account, attempt_count=1)
    attempt_of(task, account, dispatch=Dispatch.UNKNOWN, finished_at=timezone.now())

    park(task, Uncertain(say(LOST).then(NOT_LISTED)))

    row, event = GenerationTask.objects.get(pk=task.pk), TaskEvent.objects.get(task=task, from_status="submitting")
    said = f"{chinese(LOST)} {chinese(NOT_LISTED)}"
    assert (row.error_message, event.note) == (f"{LOST} {NOT_LISTED}", f"{LOST} {NOT_LISTED}")
    assert in_chinese(row.error_message, row.error_parts) == in_chinese(event.note, event.note_parts) == said


def test_the_history_tells_why_a_task_failed_with_the_vendors_code(account, user):
    task = make_task(user, status="running", account=account)

    task.fail(GenerationFailed(say(NO_REASON), vendor_code="5000"))

    event = TaskEvent.objects.get(task=task, to_status="failed")
    assert (event.note, in_chinese(event.note, event.note_parts)) == (f"{NO_REASON} [5000]", f"{chinese(NO_REASON)} [5000]")


def test_why_an_account_rests_is_told_whoever_ordered_it(account):
    handle_error(account, RateLimited("slow down", vendor_code="1302"))

    row = ProviderAccount.objects.get(pk=account.pk)
    assert row.cooldown_reason == "The vendor asks for fewer requests just now. (slow down [1302])"
    assert row.cooldown_parts == [["The vendor asks for fewer requests just now. (%(words)s)", {"words": "slow down [1302]"}]]


def test_what_a_probe_found_is_told_too(account):
    ProviderAccount.objects.update(cooldown_until=timezone.now(), cooldown_reason="x")

    probe_account(account.pk)

    row = ProviderAccount.objects.get(pk=account.pk)
    with translation.override("zh-hans"):
        reason = row.breaker(timezone.now()).reason
    assert row.cooldown_reason.startswith("Nothing answers at http://127.0.0.1:9.")
    assert reason != row.cooldown_reason
    assert "http://127.0.0.1:9" in reason


def test_a_task_that_was_refused_keeps_why_it_waits_and_forgets_it_when_it_is_sent(account, user):
    task = make_task(user, account=account, due_at=timezone.now(), fence=1)

    submit(task.pk, task.fence)

    row = GenerationTask.objects.get(pk=task.pk)
    assert (row.status, row.wait_parts[0][0]) == (Status.QUEUED, "Nothing answers at the vendor's address. (%(words)s)")
    row.move(Status.SUBMITTING, wait_reason="", wait_parts=[])
    assert tell(row.wait_reason, row.wait_parts) == ""
