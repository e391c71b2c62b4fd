"""Secrets that roll, and secrets that cannot be decrypted: nothing is lost, and nothing leaves without a signature that verifies."""

from __future__ import annotations

from datetime import timedelta

import pytest
from cryptography.fernet import Fernet
from django.utils import timezone
from standardwebhooks import WebhookVerificationError

from access.callers import Caller
from tests.webhooks.rows import ended
from web.health_checks import CheckFailed, check_webhooks
from webhooks import actions, lanes, outcome, secrets
from webhooks.fan_out import fan_out
from webhooks.models import Delivery, Endpoint, Notice

pytestmark = pytest.mark.postgresql


def lose_the_key(settings) -> list[str]:
    """Replace the key that encrypted the secrets. Return what was there."""
    keys, settings.CREDENTIAL_KEYS = settings.CREDENTIAL_KEYS, [Fernet.generate_key().decode()]
    return keys


def next_turn() -> None:
    Endpoint.objects.update(resting_until=None, lease_until=None)


def test_without_its_secret_an_endpoint_waits_and_its_owner_is_notified_once(user, make_endpoint, receiver, run, settings):
    endpoint = make_endpoint(user, label="shop")
    ended(user)
    keys = lose_the_key(settings)
    run()
    noticed_at = Endpoint.objects.get().unreadable_since
    Endpoint.objects.update(unreadable_since=noticed_at - timedelta(days=6))
    next_turn()
    ended(user)
    run()

    waiting, rows = Endpoint.objects.get(), list(Delivery.objects.all())
    assert (receiver.arrivals, waiting.enabled, waiting.failures) == ([], True, 0)
    assert waiting.unreadable_since == noticed_at - timedelta(days=6)
    assert [(row.state, row.attempts, row.tries) for row in rows] == [("pending", 0, [])] * 2
    (notice,) = Notice.objects.filter(owner=user)
    assert (str(notice.message)[:32], notice.url) == ("Deliveries to “shop” are waiting", f"/webhooks/{endpoint.pk}/")

    settings.CREDENTIAL_KEYS = keys
    next_turn()
    run()
    assert len({one.verified(endpoint.secret)["data"]["id"] for one in receiver.arrivals}) == 2
    assert Endpoint.objects.get().unreadable_since is None


def test_a_new_secret_sends_what_waited_for_one(user, make_endpoint, receiver, run, settings):
    endpoint = make_endpoint(user)
    ended(user)
    lose_the_key(settings)
    run()
    fresh = actions.roll(endpoint, by=Caller(user=user))
    run()

    (arrival,) = receiver.arrivals
    assert arrival.verified(fresh)
    rolled = Endpoint.objects.get()
    assert (rolled.unreadable_since, rolled.previous_until) == (None, None)
    assert not Notice.objects.filter(read_at=None).exists()


def test_a_new_secret_that_comes_while_a_turn_reads_the_old_one_stays_readable(user, make_endpoint):
    endpoint = make_endpoint(user)
    ended(user)
    fan_out()
    (lane,) = lanes.claim(8, now=timezone.now())
    actions.roll(endpoint, by=Caller(user=user))

    outcome.wait_for_secret(lane, timezone.now())

    assert Endpoint.objects.get().unreadable_since is None
    assert not Notice.objects.exists()


def test_doctor_names_whose_secrets_cannot_be_read_and_a_mailbox_has_none(user, make_endpoint, settings):
    settings.MAIL_NOTICES, settings.PUBLIC_URL = True, "https://portal.example"
    user.email = "lin@portal.example"
    user.save()
    make_endpoint(user, kind="email", types=["task.failed"])
    make_endpoint(user, label="shop")
    lose_the_key(settings)

    with pytest.raises(CheckFailed, match=f"The secrets of shop of {user.username} cannot be decrypted"):
        check_webhooks()


def test_both_secrets_sign_until_the_overlap_ends(user, make_endpoint, receiver, run):
    endpoint = make_endpoint(user)
    fresh = actions.roll(endpoint, by=Caller(user=user), overlap=timedelta(hours=1))
    ended(user)
    run()
    Endpoint.objects.update(previous_until=timezone.now())
    ended(user)
    run()

    first, second = receiver.arrivals
    assert first.verified(endpoint.secret) == first.verified(fresh)
    assert second.verified(fresh)
    assert second.headers["webhook-signature"].count("v1,") == 1


def test_who_rolls_twice_can_still_verify_with_the_first_secret(user, make_endpoint, receiver, run):
    endpoint, by = make_endpoint(user), Caller(user=user)
    known = [endpoint.secret, *(actions.roll(endpoint, by=by) for _ in range(2))]
    ended(user)
    run()
    last = actions.roll(endpoint, by=by, overlap=timedelta(0))
    ended(user)
    run()

    first, second = receiver.arrivals
    assert all(first.verified(secret) for secret in known)
    assert second.verified(last)
    with pytest.raises(WebhookVerificationError):
        second.verified(known[-1])


def test_signatures_do_not_grow_without_end(user, make_endpoint):
    endpoint = make_endpoint(user)
    for _ in range(actions.MOST_PREVIOUS + 3):
        actions.roll(endpoint, by=Caller(user=user))

    assert len(secrets.signing_at(endpoint, timezone.now())) == actions.MOST_PREVIOUS + 1


def test_a_delivery_that_cannot_be_made_into_a_request_fails_alone(user, other_user, make_endpoint, receiver, run, settings):
    settings.CHAT_NOTICES = True
    chat = make_endpoint(user, kind="slack", url="https://hooks.slack.com/services/T0/B0/abc", types=["task.cancelled"])
    make_endpoint(other_user)
    ended(user)
    fan_out()
    Delivery.objects.update(body="no JSON")
    ended(other_user)
    run()

    broken = Delivery.objects.get(endpoint=chat)
    assert (broken.state, broken.attempts, broken.tries[0]["code"]) == ("pending", 1, "unexpected")
    assert len(receiver.arrivals) == 1
