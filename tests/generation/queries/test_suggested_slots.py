"""How many slots are suggested, from renders that this makes up: their number at one time decides how long each takes."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.contrib.auth.models import User
from django.test import Client

from database import clock
from generation.lifecycle import Status
from generation.models import Attempt
from generation.models.attempt import Dispatch
from generation.queries.suggested_slots import Reason, Request, Suggestion, suggest, suggested_slots
from providers.models import ProviderAccount
from tests.task_rows import make_task

NOW = clock.now()


def renders(at_once: int, seconds: float, *, rounds: int = 20, after_s: float = 0.0) -> list[Request]:
    """Return rounds of so many renders, which begin together and each take so long."""
    starts = [NOW + timedelta(seconds=after_s + number * (seconds + 1)) for number in range(rounds) for _one in range(at_once)]
    return [Request(model="kling/kling-v3", begin=start, end=start + timedelta(seconds=seconds)) for start in starts]


def refusals(among: list[Request]) -> list[Request]:
    """Return a refused request in the middle of each render."""
    return [Request(model=one.model, begin=one.begin + timedelta(seconds=1), end=None) for one in among]


def in_turn(slots: int, seconds: float) -> list[Request]:
    """Return sixty renders in so many slots that are never free for long, each at its own moments."""
    made = []
    for slot in range(slots):
        start = NOW + timedelta(seconds=0.618 * seconds * slot % seconds)
        for number in range(60 // slots):
            begin = start + timedelta(seconds=number * seconds)
            made.append(Request(model="kling/kling-v3", begin=begin, end=begin + timedelta(seconds=seconds - 0.001)))
    return made


@pytest.mark.parametrize(
    ("requests", "slots", "expected"),
    [
        ([], 5, None),
        (renders(1, 60, rounds=9), 1, None),
        (in_turn(2, 60), 5, None),
        (in_turn(5, 60), 5, (6, Reason.FULL)),
        (in_turn(8, 60), 8, (10, Reason.FULL)),
        ([*in_turn(1, 60), *renders(3, 180, after_s=10_000)], 3, (1, Reason.SLOWER)),
        ([*renders(3, 60), *refusals(renders(3, 60))], 5, (3, Reason.REFUSED)),
    ],
    ids=["nothing", "too few", "not full", "full", "full with many", "a card of one's own", "refused"],
)
def test_slots_follow_what_was_rendered(requests: list[Request], slots: int, expected: tuple[int, Reason] | None) -> None:
    found = suggest(requests, slots)

    assert (found and (found.slots, found.reason)) == expected


@pytest.mark.django_db
def test_rows_of_an_account_lead_to_a_suggestion_on_its_page(
    make_account: Callable[..., ProviderAccount], staff_client: Client, user: User
) -> None:
    ours, other = (make_account("kling", "official-key", "http://127.0.0.1:9", label=name, max_in_flight=3) for name in ("ours", "other"))
    for number in range(40):
        begin = clock.now() - timedelta(minutes=60 - number)
        task = make_task(user, status=Status.SUCCEEDED, accepted_at=begin, rendered_at=begin + timedelta(seconds=179))
        Attempt.objects.create(task=task, number=1, account=ours, dispatch=Dispatch.ACCEPTED, submission_id=f"v{number}", started_at=begin)

    assert suggested_slots(ours, clock.now()) == Suggestion(slots=4, reason=Reason.FULL, renders=40)
    assert suggested_slots(other, clock.now()) is None
    pages = [staff_client.get(f"/admin/providers/provideraccount/{one.pk}/change/").text for one in (ours, other)]
    assert ["Try 4, if your plan allows" in page for page in pages] == [True, False]
