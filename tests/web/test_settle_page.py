"""Where an administrator says whether a request without an answer was charged."""

from __future__ import annotations

from uuid import uuid4

import pytest
from django.db import transaction

from access import ledger
from access.budgets import Scope
from access.ledger import Ask
from access.ledger_models import Reservation
from access.tokens import issue
from events.models import AuditEvent
from generation.models import Dispatch, GenerationTask
from tests.api.conftest import Api
from tests.task_rows import attempt_of, make_task

pytestmark = pytest.mark.django_db
YUAN = 1_000_000


@pytest.fixture
def waiting(user, kling) -> GenerationTask:
    """A task that was given up, and nobody knows whether its request was charged."""
    task = make_task(user, status="needs_review", account=kling, attempt_count=1)
    attempt_of(task, kling, dispatch=Dispatch.UNKNOWN)
    asked = Ask(task_id=task.pk, scope=Scope(owner_id=user.pk), model=task.model, vendor="kling", amount=5 * YUAN)
    with transaction.atomic():
        ledger.reserve([asked])
    task.give_up("abandoned", "no")
    return task


@pytest.fixture
def staff_api(staff) -> Api:
    return Api(issue(staff, "tests")[1])


def test_a_decider_says_what_it_cost_and_both_pages_show_it(staff_visitor, visitor, waiting):
    page = staff_visitor.get(f"/tasks/{waiting.pk}/")
    row = page.context["waiting"][0]
    assert ("Was it charged?" in page.text, "¥5.00 is reserved" in page.text) == (True, True)
    address = f"/tasks/{waiting.pk}/settle/{row.pk}"

    wrong = staff_visitor.post(address, {"amount": "much"}, headers={"HX-Request": "true"})
    assert (wrong.status_code, "such as 3.50" in wrong["HX-Trigger"]) == (422, True)
    for _press in range(2):
        assert staff_visitor.post(address, {"amount": "4,5"}).status_code == 302

    after = staff_visitor.get(f"/tasks/{waiting.pk}/").text
    assert ("Was it charged?" in after, "¥4.50, by a person&#x27;s decision" in after) == (False, True)
    assert "¥4.50" in visitor.get(f"/tasks/{waiting.pk}/").text
    assert Reservation.objects.get().settled == 4_500_000


def test_an_old_page_changes_no_decision_that_it_does_not_show(staff_visitor, waiting):
    row = Reservation.objects.get()
    address = f"/tasks/{waiting.pk}/settle/{row.pk}"
    staff_visitor.post(address, {"amount": "40"})

    late = staff_visitor.post(address, {"amount": "0"}, headers={"HX-Request": "true"})

    assert (late.status_code, "Someone else changed" in late["HX-Trigger"]) == (409, True)
    assert Reservation.objects.get().settled == 40 * YUAN


def test_a_decider_corrects_a_cost_that_was_typed_wrongly_and_says_why(staff_visitor, visitor, waiting):
    row = Reservation.objects.get()
    staff_visitor.post(f"/tasks/{waiting.pk}/settle/{row.pk}", {"amount": "40"})
    assert "Sending 1: ¥40.00" in staff_visitor.get(f"/tasks/{waiting.pk}/").text
    address, seen = f"/tasks/{waiting.pk}/correct/{row.pk}", {"seen": str(40 * YUAN)}

    unsaid = staff_visitor.post(address, {**seen, "amount": "4"}, headers={"HX-Request": "true"})
    assert (unsaid.status_code, "Say why" in unsaid["HX-Trigger"]) == (422, True)
    for _press in range(2):
        assert staff_visitor.post(address, {**seen, "amount": "4", "reason": "a zero too much"}).status_code == 302
    late = staff_visitor.post(address, {**seen, "amount": "3", "reason": "of an old page"}, headers={"HX-Request": "true"})

    assert (late.status_code, Reservation.objects.get().settled) == (409, 4 * YUAN)
    assert AuditEvent.objects.get(action="ledger.corrected").after["reason"] == "a zero too much"
    assert "Correct the cost" not in visitor.get(f"/tasks/{waiting.pk}/").text
    assert visitor.post(address, {**seen, "amount": "1", "reason": "mine"}).status_code in {302, 403}
    assert Reservation.objects.get().settled == 4 * YUAN


def test_the_api_says_and_corrects_what_a_task_cost(staff_api, waiting):
    address = f"/tasks/{waiting.pk}/cost"

    def answer(**body):
        reply = staff_api.post(address, body)
        return reply.status_code, (reply.json()["cost"] if reply.status_code == 200 else reply.json()["error"]["code"])

    settled = {"settled": "40.000000", "settled_by": "person"}
    status, cost = answer(amount="40")
    assert (status, settled.items() <= cost.items()) == (200, True)
    assert answer(amount="4") == (422, "invalid_request")
    assert answer(amount="4", reason="a zero too much", sending=2) == (422, "invalid_request")
    assert answer(amount="-4", reason="a refund") == (422, "invalid_request")
    assert answer(amount="4", reason="a zero too much")[1]["settled"] == "4.000000"
    assert AuditEvent.objects.get(action="ledger.corrected").after["reason"] == "a zero too much"


def test_who_may_not_decide_sees_nothing_of_it_and_changes_nothing(visitor, waiting):
    row = Reservation.objects.get()

    assert "Was it charged?" not in visitor.get(f"/tasks/{waiting.pk}/").text
    assert visitor.post(f"/tasks/{waiting.pk}/settle/{row.pk}", {"amount": "0"}).status_code in {302, 403}

    assert Reservation.objects.get().waits


def test_a_reservation_of_another_task_does_not_exist_here(staff_visitor, waiting, user):
    other = make_task(user, status="failed")
    row = Reservation.objects.get()

    assert staff_visitor.post(f"/tasks/{other.pk}/settle/{row.pk}", {"amount": "0"}).status_code == 404
    assert staff_visitor.post(f"/tasks/{waiting.pk}/settle/{uuid4()}", {"amount": "0"}).status_code == 404
    assert Reservation.objects.get().waits


def test_the_admin_lists_what_waits_and_releases_it(staff_client, waiting):
    row = Reservation.objects.get()
    listed = staff_client.get("/admin/access/reservation/?waits__exact=1")
    assert "¥5.00" in listed.content.decode()
    assert staff_client.get(f"/admin/access/reservation/{row.pk}/change/").status_code == 200

    staff_client.post("/admin/access/reservation/", {"action": "not_charged", "_selected_action": [str(row.pk)]})

    row.refresh_from_db()
    assert (row.settled, row.basis, row.waits) == (0, "person", False)


def test_the_admin_sets_nothing_to_zero_whose_cost_is_known(staff_client, waiting):
    row = Reservation.objects.get()
    Reservation.objects.update(settled=5 * YUAN, released=0, basis="charged", waits=False, closed_at=waiting.created_at)
    choice = {"action": "not_charged", "_selected_action": [str(row.pk)]}

    reply = staff_client.post("/admin/access/reservation/", choice, follow=True)

    assert "Its cost is known." in reply.text
    assert Reservation.objects.get().settled == 5 * YUAN
    Reservation.objects.update(basis="person")
    staff_client.post("/admin/access/reservation/", choice)
    assert Reservation.objects.get().settled == 0
