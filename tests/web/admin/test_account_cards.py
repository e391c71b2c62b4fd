"""The page that an administrator opens when videos do not start."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from access.callers import Caller
from generation.models import LiveWorker
from generation.scheduling.stop_switch import stop_submits
from providers.models import ProviderAccount
from tests.task_rows import attempt_of, make_task

LIST = "/admin/providers/provideraccount/"
SOON = timedelta(minutes=5)


@pytest.fixture
def at_work(db):
    """Report a live worker."""
    LiveWorker.objects.create(instance="w", submit_workers=2, seen_at=timezone.now())


@pytest.fixture
def account(make_account, at_work):
    return make_account("kling", "official-key", "http://127.0.0.1:9", max_in_flight=2)


@pytest.fixture
def task(user):
    def make(account=None, status="running"):
        return make_task(user, status=status, model="kling/kling-v3", account=account)

    return make


def cards(staff_client):
    return {card.account.label: card for card in staff_client.get(LIST).context["cards"]}


def card_of(staff_client, account):
    return cards(staff_client)[account.label]


def facts(card):
    return {fact.label: fact.value for fact in card.facts}


def meters(card):
    return {meter.label: (meter.used, meter.most) for meter in card.meters}


@pytest.mark.parametrize(
    ("changes", "word", "tone"),
    [
        ({}, "Ready", "ok"),
        ({"enabled": False}, "Switched off", "off"),
        ({"sealed": "damaged"}, "Locked", "bad"),
        ({"balance": Decimal(0), "balance_unit": "units"}, "No credit", "bad"),
        ({"balance": Decimal(3), "balance_unit": "units"}, "Ready", "ok"),
        ({"cooldown_until": timezone.now() + timedelta(days=1)}, "Paused", "bad"),
        ({"cooldown_until": timezone.now() - timedelta(days=1)}, "Checking", "warn"),
        ({"surface": "forgotten"}, "Unknown vendor", "bad"),
    ],
)
def test_state_of_an_account_is_its_first_word(staff_client, account, changes, word, tone):
    ProviderAccount.objects.update(**changes)

    reply = staff_client.get(LIST)

    state = reply.context["cards"][0].state
    assert (state.word, state.tone) == (word, tone)
    assert f"{word}</b>" in reply.content.decode()


def test_cooldown_says_until_when_and_why(staff_client, account):
    until = timezone.now() + timedelta(days=366)  # in another year, so that its day is shown whatever day is today
    ProviderAccount.objects.update(cooldown_until=until, cooldown_reason="5 submits failed in a row.", cooling_since=timezone.now() - SOON)

    card = card_of(staff_client, account)

    assert card.state.words.startswith(f"Paused until {until.day} {until:%b %Y, %H:%M:%S} (")
    assert card.state.why == "5 submits failed in a row."
    assert facts(card)["Paused since"] == "5 min ago"


def test_full_account_says_so(staff_client, account, task):
    task(account)
    half = card_of(staff_client, account)
    task(account)

    full = card_of(staff_client, account)

    assert (half.state.word, half.state.words) == ("Ready", "1 video is rendering; more can start.")
    assert (full.state.word, full.state.words) == ("Full", "All 2 slots are taken. The next video starts when one is free.")
    assert meters(full)["Slots"] == (2, 2)


def test_rates_are_counted_of_the_last_second_and_minute(staff_client, account, task):
    ProviderAccount.objects.update(submits_per_second=4, submits_per_minute=2)
    now, row = timezone.now(), task(account)
    for _ in range(2):
        attempt_of(row, account, started_at=now, finished_at=now + SOON, dispatch="rejected")

    card = card_of(staff_client, account)

    assert meters(card) == {"Slots": (1, 2), "This second": (2, 4), "This minute": (2, 2)}
    assert (card.state.word, card.state.words) == ("Waiting", "This minute's submits are used up. It continues automatically.")


def test_slot_of_an_unknown_outcome_is_shown(staff_client, account, task):
    row = task(account, "needs_review")
    now = timezone.now()
    attempt_of(row, account, started_at=now, finished_at=now, dispatch="unknown")

    [slots, *_rates] = card_of(staff_client, account).meters

    assert (slots.used, slots.note) == (1, "1 with unknown outcome")


def test_facts_show_health_balance_and_turn(staff_client, account, task):
    now = timezone.now()
    ProviderAccount.objects.update(
        last_ok_at=now - 2 * SOON,
        last_error_at=now - SOON,
        last_error="HTTP 502",
        balance=1234,
        balance_unit="units",
        balance_at=now - SOON,
    )
    task(status="queued")

    card = card_of(staff_client, account)

    assert facts(card) == {
        "Last good answer": "10 min ago",
        "Last error": "5 min ago: HTTP 502",
        "Balance": "1,234 units, reported 5 min ago",
        "Priority, weight": "10, 1",
        "Waiting for this vendor": "1",
    }
    assert [fact.label for fact in card.facts if fact.tone] == ["Last error"]


def test_accounts_that_need_somebody_come_first(staff_client, account, make_account):
    make_account("kling", "official-key", "http://127.0.0.1:9", label="a", enabled=False)
    make_account("kling", "official-key", "http://127.0.0.1:9", label="z", cooldown_until=timezone.now() + SOON)

    reply = staff_client.get(LIST)

    assert [card.account.label for card in reply.context["cards"]] == ["z", account.label, "a"]
    assert "1 of 3 accounts are ready. No video waits." in reply.content.decode()


def test_what_stops_all_is_shown_above(staff_client, account, staff):
    before = staff_client.get(LIST).context["notes"]
    LiveWorker.objects.all().delete()
    stop_submits(by=Caller(user=staff), reason="budget is used up")
    ProviderAccount.objects.update(enabled=False)

    text = staff_client.get(LIST).content.decode()

    assert before == []
    assert "Paid submits are stopped. New videos do not start.</b> budget is used up" in text
    assert "No worker is running. New videos do not start." in text
    assert "No account is enabled." in text


def test_page_needs_no_query_per_account_or_task(staff_client, account, make_account, task):
    with CaptureQueriesContext(
        connection,
    ) as few:
        staff_client.get(LIST)
    for number in range(12):
        more = make_account("kling", "official-key", f"http://127.0.0.1:{number + 9}", label=f"k{number}")
        task(more)

    with CaptureQueriesContext(connection) as many:
        text = staff_client.get(LIST).content.decode()

    assert text.count("data-account>") == 13
    assert len(many) == len(few) <= 15


def test_test_button_answers_with_a_new_card(staff_client, make_account, simulator, at_work):
    account = make_account("kling", "official-key", simulator.base("kling"), sandbox=True)

    reply = staff_client.post(f"{LIST}{account.pk}/test/", headers={"x-requested-with": "fetch"})

    text = reply.content.decode()
    assert reply.status_code == 200
    assert 'class="overview-finding ok">Kling accepts the credentials. Left: 10,000 units.<' in text
    assert "10,000 units, reported just now" in text
    assert "<html" not in text


def test_test_button_works_without_script(staff_client, make_account, simulator, at_work):
    account = make_account("kling", "official-key", simulator.base("kling"), sandbox=True)
    page = staff_client.get(LIST).content.decode()

    reply = staff_client.post(f"{LIST}{account.pk}/test/?from=list", follow=True)

    assert f'formaction="{LIST}{account.pk}/test/?from=list" formmethod="post"' in page
    assert reply.redirect_chain == [(LIST, 302)]
    assert "Kling accepts the credentials." in reply.content.decode()


def test_viewer_sees_the_cards_without_a_test_button(clerk, user, account):
    from django.contrib.auth.models import Permission

    user.user_permissions.add(Permission.objects.get(codename="view_provideraccount"))

    text = clerk.get(LIST).content.decode()

    assert account.label in text
    assert "data-account-test" not in text


def test_job_engine_is_not_in_the_admin(staff_client, db):
    assert "django_q" not in staff_client.get("/admin/").content.decode()
    assert staff_client.get("/admin/django_q/ormq/").status_code == 404
