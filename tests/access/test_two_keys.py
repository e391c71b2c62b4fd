"""A token as two keys: what a client signs with them is checked as strictly as the token, and asks the database once at most."""

from __future__ import annotations

import base64
import time
from datetime import timedelta

import jwt
import pytest
from django.utils import timezone
from hypothesis import given
from hypothesis import strategies as st

from access.callers import Caller
from access.limits import Limits
from access.models import ApiToken
from access.tokens import AddressRefused, authenticate, issue, revoke, roll
from access.two_keys import NotSigned, authenticate_signed, secret_key
from tests.cases import in_one_test

HALF_AN_HOUR = 1800


def signed(row: ApiToken, *, secret: str | None = None, algorithm: str = "HS256", **claims: object) -> str:
    """Return what clients send for this token. `exp`, `nbf` and `iat` are seconds from now; None leaves a claim out."""
    now = int(time.time())
    times = {"exp": HALF_AN_HOUR, "nbf": -5} | {name: claims.pop(name) for name in ("exp", "nbf", "iat") if name in claims}
    moments = {name: now + value if type(value) is int else value for name, value in times.items() if value is not None}
    named = {name: value for name, value in ({"iss": row.public_id} | claims).items() if value is not None}
    return jwt.encode(named | moments, secret_key(row) if secret is None else secret, algorithm=algorithm, headers={"typ": "JWT"})


def why_refused(text: str, **how: object) -> str:
    with pytest.raises(NotSigned) as refused:
        authenticate_signed(text, **how)
    return refused.value.code


def test_what_is_signed_with_the_secret_key_is_its_token(user, django_assert_num_queries):
    row = issue(user, "shop")[0]

    assert authenticate_signed(signed(row), ip="192.0.2.7") == row
    with django_assert_num_queries(1):
        assert authenticate_signed(signed(row, iat=0, jti="a", aud="anyone")) == row
    row.refresh_from_db()
    assert row.last_used_ip == "192.0.2.7"
    assert authenticate(signed(row)) is None  # only where two keys are taken


def test_the_secret_key_is_not_stored_and_depends_on_token_and_pepper(user, settings):
    (first, raw), (second, _other) = issue(user, "shop"), issue(user, "till")
    key = secret_key(first)

    assert key not in str(list(ApiToken.objects.values()))
    assert len({key, secret_key(second), raw, first.digest}) == 4
    assert why_refused(signed(first, secret=secret_key(second))) == "signature_refused"
    settings.TOKEN_PEPPER = "another"
    assert secret_key(first) != key


@in_one_test(
    ("claims", "code", "queries"),
    [
        ({"exp": -31}, "signature_expired", 0),
        ({"exp": -HALF_AN_HOUR}, "signature_expired", 0),
        ({"exp": True}, "signature_expired", 0),
        ({"nbf": 60}, "signature_early", 0),
        ({"iat": 60}, "signature_early", 0),
        ({"exp": None}, "signature_refused", 0),
        ({"exp": "soon"}, "signature_refused", 0),
        ({"exp": float("inf")}, "signature_refused", 0),
        ({"exp": [1]}, "signature_refused", 0),
        ({"exp": 86_400 + 60}, "signature_refused", 0),
        ({"exp": 10**30}, "signature_refused", 0),
        ({"nbf": "x"}, "signature_refused", 0),
        ({"iss": None}, "signature_refused", 0),
        ({"iss": ""}, "signature_refused", 0),
        ({"iss": "a" * 7 + "_"}, "signature_refused", 0),
        ({"iss": "aaaaaaaa\0"}, "signature_refused", 0),
        ({"iss": "a" * 8}, "signature_refused", 1),  # an access key that nobody has
        ({"algorithm": "HS512"}, "signature_refused", 0),
        ({"algorithm": "none", "secret": ""}, "signature_refused", 0),
        ({"secret": "vpsk_" + "0" * 64}, "signature_refused", 1),
    ],
)
def test_a_wrong_one_is_refused_and_mostly_without_a_query(user, django_assert_num_queries, claims, code, queries):
    row = ApiToken.objects.first() or issue(user, "shop")[0]
    text = signed(row, **claims)

    with django_assert_num_queries(queries):
        assert why_refused(text) == code


def test_clocks_may_differ_a_little_and_some_clients_sign_for_a_day(user):
    row = issue(user, "shop")[0]

    for claims in ({"exp": -20}, {"nbf": 20}, {"iat": 20}, {"exp": 86_400}, {"nbf": None}):
        assert authenticate_signed(signed(row, **claims)) == row
    assert authenticate_signed(signed(row, exp=-50), late_s=55) == row  # its request waited


def test_texts_that_are_no_signed_tokens_cost_no_query(user, django_assert_num_queries):
    good = signed(issue(user, "shop")[0])
    head, claims, signature = good.split(".")
    deep = base64.urlsafe_b64encode(b"[" * 1_000).decode()
    texts = ["..", "a.b.c", f"{head}.{claims}.é", f"{head}..{signature}", f".{claims}.{signature}"]
    texts += [f"{deep}.{claims}.{signature}", f"{head}.{deep}.{signature}", f"{head}.{claims}.{'a' * 3_000}", "Ā.ā.\n"]

    with django_assert_num_queries(0):
        assert {why_refused(text) for text in texts} == {"signature_refused"}
    assert why_refused(f"{head}.{claims}.") == "signature_refused"


@given(place=st.integers(0, 200), letter=st.sampled_from("AZaz09-_.=é"))
def test_a_changed_one_is_refused(user, place, letter):
    text = signed(issue(user, "shop")[0])
    changed = text[:place] + letter + text[place + 1 :]

    if place < len(text) and changed != text:
        assert why_refused(changed)


def test_it_is_refused_where_the_token_is(user):
    ended, revoked = issue(user, "ended", expires_in=timedelta(seconds=-1))[0], issue(user, "revoked")[0]
    elsewhere = issue(user, "elsewhere", limits=Limits(networks=("10.0.0.0/8",)))[0]
    revoke(revoked, by=Caller(user=user))

    assert {why_refused(signed(row)) for row in (ended, revoked)} == {"signature_refused"}
    with pytest.raises(AddressRefused):
        authenticate_signed(signed(elsewhere), ip="192.0.2.7")
    assert why_refused(signed(elsewhere, secret="x" * 40), ip="192.0.2.7") == "signature_refused"  # no word to who has no key
    user.is_active = False
    user.save()
    assert why_refused(signed(elsewhere)) == "signature_refused"


def test_replacing_a_token_replaces_its_keys(user):
    old = issue(user, "shop")[0]
    new = roll(old, by=Caller(user=user), overlap=timedelta(hours=1))[0]

    assert secret_key(new) != secret_key(old)
    assert authenticate_signed(signed(old)) == old
    ApiToken.objects.filter(pk=old.pk).update(expires_at=timezone.now())
    assert why_refused(signed(old)) == "signature_refused"
    assert authenticate_signed(signed(new)) == new
