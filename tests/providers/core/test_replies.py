"""What every vendor's reader of answers builds on: texts, words, states, and why a render failed."""

from __future__ import annotations

import logging
from datetime import timedelta, timezone
from decimal import Decimal

import pytest

from providers.core.errors import ContentRejected, GenerationFailed, InvalidParams, OutOfCredit, ProviderDown, RateLimited, UnexpectedReply
from providers.core.replies import charge_of, judged_by_body, moment_in, number_of, poll_delay, render_error_of, text_of, units_of, words_of
from providers.core.states import state_of
from providers.core.types import Charge, State, WireReply
from tests.cases import in_one_test


@in_one_test(
    ("value", "amount"),
    [
        (0, "0"),
        ("0.0035", "0.0035"),
        (55, "55"),
        (1e-7, "1E-7"),
        (None, None),
        (True, None),
        ("", None),
        (-1, None),
        ("nan", None),
        (10**10, None),
    ],
)
def test_charge_is_an_amount_that_can_be_stored(value, amount):
    assert charge_of(value, "USD") == (None if amount is None else Charge(amount=Decimal(amount), unit="USD"))


@in_one_test("value", [None, "", 0, 7, True, [], {}])
def test_value_that_is_not_a_text_is_an_unexpected_reply(value):
    with pytest.raises(UnexpectedReply, match="no text “id”"):
        text_of({"id": value}, "id")


@pytest.mark.parametrize(("value", "text"), [("a", "a"), (7, "7")])
def test_id_may_be_a_number_where_the_vendor_writes_it_so(value, text):
    assert text_of({"id": value}, "id", or_number=True) == text


@in_one_test("value", [None, "", 0, True, 1.5])
def test_id_that_is_neither_text_nor_number_is_not_understood(value):
    with pytest.raises(UnexpectedReply):
        text_of({"id": value}, "id", or_number=True)


def test_words_are_the_first_text_under_the_names():
    body = {"message": "no", "errmsg": "", "detail": 7, "error": "why"}

    assert (words_of(body), words_of(body, "errmsg", "detail", "error"), words_of(body, "errmsg")) == ("no", "why", "")


def test_unknown_state_runs_and_is_logged_once(caplog):
    log = logging.getLogger("providers.toy")

    with caplog.at_level(logging.WARNING, logger="providers.toy"):
        states = [state_of(word, log) for word in ("done", "dreaming", "dreaming")]

    assert states == [State.SUCCEEDED, State.RUNNING, State.RUNNING]
    assert [record.message for record in caplog.records] == ["undocumented task status 'dreaming'; the task counts as running"]


@pytest.mark.parametrize(
    ("kind", "ends_as"),
    [(ContentRejected, ContentRejected), (InvalidParams, InvalidParams), (RateLimited, GenerationFailed), (None, GenerationFailed)],
)
def test_a_render_that_failed_is_over_whatever_the_code_means_of_a_request(kind, ends_as):
    error = render_error_of(kind, "no", "7")

    assert (type(error), error.message, error.vendor_code, error.retryable) == (ends_as, "no", "7", False)


def test_a_vendor_may_name_other_lasting_kinds():
    assert type(render_error_of(OutOfCredit, "no", "7", lasting={OutOfCredit})) is OutOfCredit


@pytest.mark.parametrize(("status", "kind"), [(200, UnexpectedReply), (502, ProviderDown), (400, InvalidParams)])
def test_reply_without_a_body_to_read_is_judged_by_its_status(status, kind):
    error = judged_by_body(lambda _reply, _body: None)(WireReply(status=status, body=b"<html>"))

    assert type(error) is kind


def test_reply_with_a_body_is_judged_by_the_vendor():
    judge = judged_by_body(lambda _reply, body: GenerationFailed(body["why"]))

    assert str(judge(WireReply(status=200, body=b'{"why": "so"}'))) == "so"


@pytest.mark.parametrize(("usage", "units"), [({"seconds": 5, "sr": 720}, "seconds=5 sr=720"), (None, ""), ("5", "")])
def test_units_are_the_vendors_words(usage, units):
    assert units_of(usage) == units


@in_one_test(
    ("value", "delay"),
    [
        (30, timedelta(seconds=30)),
        (0.5, timedelta(seconds=0.5)),
        ("45", timedelta(seconds=45)),
        (86_400, timedelta(minutes=5)),
        ("inf", timedelta(minutes=5)),
        (0, None),
        (-3, None),
        (10**400, None),
        ("nan", None),
        ("", None),
        (None, None),
        (True, None),
        ([30], None),
    ],
)
def test_delay_of_the_next_poll_is_believed_within_reason(value, delay):
    assert poll_delay(value) == delay


@in_one_test(
    ("words", "moment"),
    [
        ("it opens at 2026-11-20 20:00:00.", "2026-11-20T20:00:00+08:00"),
        ("at 2026-11-20T12:00:00Z", "2026-11-20T12:00:00+00:00"),
        ("at 2026-11-20T12:00:00-05:00, or later", "2026-11-20T12:00:00-05:00"),
        ("at 2026-99-99 12:00:00", None),
        ("on 2026-11-20", None),
        ("", None),
    ],
)
def test_moment_in_a_vendors_words_is_of_the_zone_that_it_names(words, moment):
    found = moment_in(words, zone=timezone(timedelta(hours=8)))

    assert (found.isoformat() if found else None) == moment


@in_one_test(
    ("value", "seconds"),
    [
        (5, 5.0),
        (5.04, 5.04),
        ("5.1", 5.1),
        (None, None),
        ("", None),
        ("5 s", None),
        (True, None),
        ("nan", None),
        ("inf", None),
        ([5], None),
    ],
)
def test_length_is_a_number_or_its_digits(value, seconds):
    assert number_of(value) == seconds
