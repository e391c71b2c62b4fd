"""A token is replaced by one with the same limits; both work for a while, and that happens once."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from django.db import connection
from django.utils import timezone

from access.budget_changes import limit_token
from access.callers import Caller
from access.limits import Limits, WrongLimits
from access.models import ApiToken, TokenState
from access.tokens import CannotRoll, authenticate, change, issue, revoke, roll
from events.models import AuditEvent
from tests.cases import in_one_test

DAY = timedelta(days=1)
NARROW = Limits(scopes=("read", "manage_tokens"), rate_per_minute=5)


def test_the_new_one_has_the_same_limits_line_and_life_and_both_work_meanwhile(user):
    old, first = issue(user, "shop", limits=NARROW, expires_in=timedelta(days=30))

    new, second = roll(old, by=Caller(user=user), overlap=DAY)
    newest, _third = roll(new, by=Caller(user=user), overlap=DAY)

    old.refresh_from_db()
    now = timezone.now()
    assert (new.limits, new.label, new.line_id, newest.line_id) == (NARROW, "shop", old.pk, old.pk)
    assert timedelta(days=29) < new.expires_at - now <= timedelta(days=30)
    assert timedelta(hours=23) < old.expires_at - now <= DAY
    assert (old.state(now), newest.state(now)) == (TokenState.ROLLED, TokenState.GOOD)
    assert authenticate(first) == old
    assert authenticate(second) == new
    assert AuditEvent.objects.filter(action="token.rolled").count() == 2


def test_the_new_one_has_the_limits_that_are_stored_by_then(user):
    """Somebody narrowed the token after the request for its replacement had read it."""
    read_before = issue(user, "shop")[0]
    ApiToken.objects.filter(pk=read_before.pk).update(scopes=["read"], rate_per_minute=5)

    new, _text = roll(read_before, by=Caller(user=user), overlap=DAY)

    assert new.limits == Limits(scopes=("read",), rate_per_minute=5)


def test_without_an_overlap_the_old_one_ends_at_once_and_no_overlap_prolongs_it(user):
    old, first = issue(user, "shop", expires_in=timedelta(hours=1))
    ended, second = issue(user, "till", expires_in=timedelta(hours=1))

    roll(old, by=Caller(user=user), overlap=DAY)
    roll(ended, by=Caller(user=user), overlap=timedelta(0))

    old.refresh_from_db()
    assert old.expires_at - timezone.now() < timedelta(hours=1)
    assert authenticate(first) == old
    assert authenticate(second) is None


@in_one_test(
    ("end", "code"), [("rolled", "already_rolled"), ("revoked", "token_ended"), ("expired", "token_ended"), ("left", "token_ended")]
)
def test_what_works_no_more_is_not_replaced(user, end, code):
    token = issue(user, end)[0]
    if end == "rolled":
        roll(token, by=Caller(user=user), overlap=timedelta(0))
    elif end == "revoked":
        revoke(token, by=Caller(user=user))
    elif end == "expired":
        ApiToken.objects.filter(pk=token.pk).update(expires_at=timezone.now())
    else:
        user.is_active = False
        user.save()
    before = ApiToken.objects.count()

    with pytest.raises(CannotRoll) as refusal:
        roll(token, by=Caller(user=user), overlap=DAY)

    assert refusal.value.code == code
    assert ApiToken.objects.count() == before


def test_a_token_rolls_itself_and_no_wider_one(user):
    own, wide = issue(user, "own", limits=NARROW, expires_in=DAY)[0], issue(user, "wide")[0]
    by = Caller(user=user, token=own)

    with pytest.raises(WrongLimits):
        roll(wide, by=by, overlap=DAY)
    assert roll(own, by=by, overlap=DAY)[0].limits == NARROW


@in_one_test("limited_by", ["rate_per_minute", "budget"])
def test_a_token_with_a_rate_or_a_budget_replaces_none_of_another_line(user, limited_by):
    """The text of the new one would be counted by the other line: its holder could spend what that one may, beside their own."""
    limits = NARROW if limited_by == "rate_per_minute" else Limits(scopes=NARROW.scopes)
    own, other = issue(user, f"own {limited_by}", limits=limits, expires_in=DAY)[0], issue(user, "other", limits=limits)[0]
    if limited_by == "budget":
        limit_token(own, {"day": 5_000_000}, by=Caller(user=user))
    by = Caller(user=user, token=own)
    child = issue(user, "child", by=by, limits=limits, expires_in=timedelta(hours=1))[0]

    with pytest.raises(WrongLimits) as refusal:
        roll(other, by=by, overlap=DAY)

    assert set(refusal.value.fields) == {limited_by}
    assert not ApiToken.objects.get(pk=other.pk).rolled_to_id
    assert roll(child, by=by, overlap=DAY)[0].line_id == own.pk


@in_one_test("longer", [timedelta(days=30), None])
@in_one_test("overlap", [DAY, timedelta(0)])
def test_nobody_gives_more_time_to_one_that_was_replaced(staff, user, overlap, longer):
    old = issue(user, "shop", expires_in=timedelta(days=90))[0]
    read_before = ApiToken.objects.get(pk=old.pk)
    roll(old, by=Caller(user=user), overlap=overlap)
    end = ApiToken.objects.get(pk=old.pk).expires_at

    for token in (read_before, ApiToken.objects.get(pk=old.pk)):
        with pytest.raises(WrongLimits) as refusal:
            change(token, by=Caller(user=staff), label="shop", limits=token.limits, expires_at=longer and timezone.now() + longer)
        assert set(refusal.value.fields) == {"expires_at"}
    assert ApiToken.objects.get(pk=old.pk).expires_at == end
    change(old, by=Caller(user=staff), label="till", limits=old.limits, expires_at=end - timedelta(minutes=1))
    assert ApiToken.objects.get(pk=old.pk).label == "till"


def test_an_endless_token_of_before_gets_an_end(user):
    assert roll(issue(user, "old")[0], by=Caller(user=user), overlap=DAY)[0].expires_at - timezone.now() <= timedelta(days=365)


@pytest.mark.postgresql
@pytest.mark.django_db(transaction=True)
def test_of_many_at_once_one_replaces_it(user):
    token = issue(user, "shop")[0]

    def press(_number):
        try:
            roll(token, by=Caller(user=user), overlap=DAY)
        except CannotRoll as refusal:
            return refusal.code
        finally:
            connection.close()
        return "rolled"

    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(press, range(20)))

    assert sorted(answers) == ["already_rolled"] * 19 + ["rolled"]
    assert ApiToken.objects.count() == 2
