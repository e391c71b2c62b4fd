"""Which team pays: the one that an order names, else as its owner's preferences say; and what was ordered stays with it."""

from __future__ import annotations

import pytest
from django.contrib.auth.models import Group
from django.db import transaction
from django.db.models import ProtectedError

from access.callers import Caller
from access.models import Budget, Preference, Reservation
from access.tokens import issue
from generation.actions.retry import retry_task
from generation.lifecycle import Status
from generation.models import GenerationTask
from generation.ordering.create import create
from generation.ordering.order import Order
from generation.ordering.validate import check_request
from generation.submitting.payment import set_money_aside
from providers.models import ModelPrice, ProviderAccount
from tests.api.conftest import Api
from tests.generation.ordering.test_money_of_an_order import KLING, YUAN, budget_of

FOX = {"model": KLING, "prompt": "a red fox", "params": {"duration_s": 5}}


@pytest.fixture
def account(make_account) -> ProviderAccount:
    ModelPrice.objects.create(model=KLING, unit="second", amount=1)
    return make_account("kling", "official-key", "http://127.0.0.1:9")


@pytest.fixture
def teams(user) -> dict[str, Group]:
    """Two of the person's, of which `art` pays unless somebody says otherwise, and one of others."""
    found = {name: Group.objects.create(name=name) for name in ("art", "film", "theirs")}
    user.groups.add(found["art"], found["film"])
    return found


def payer(task: GenerationTask) -> str | None:
    row = Reservation.objects.filter(task_id=task.pk).order_by("-number").first()
    return row.team.name if row and row.team else None


def test_an_order_names_the_team_that_pays(user, teams, account):
    films, api = budget_of(100 * YUAN, "team", team=teams["film"]), Api(issue(user, "tests")[1])

    named, plain = api.post("/tasks", FOX | {"paying_team": "film"}), api.post("/tasks", FOX)
    shared = api.post("/tasks", FOX | {"team": "art", "paying_team": "film"}).json()

    assert [reply.json()["paying_team"] for reply in (named, plain)] == ["film", None]
    assert [payer(GenerationTask.objects.get(pk=reply.json()["id"])) for reply in (named, plain)] == ["film", "art"]
    assert (shared["team"], shared["paying_team"], Budget.objects.get(pk=films.pk).held) == ("art", "film", 10 * YUAN)
    assert api.get(f"/tasks/{named.json()['id']}").json() == named.json()


def test_a_team_of_others_pays_for_nothing_and_another_payer_is_another_order(user, teams, account):
    api = Api(issue(user, "tests")[1])
    assert api.post("/tasks", FOX | {"paying_team": "film"}, idempotency_key="k").status_code == 202

    refused = api.post("/tasks", FOX | {"paying_team": "theirs"})
    reused = api.post("/tasks", FOX | {"paying_team": "art"}, idempotency_key="k")

    assert (refused.status_code, list(refused.json()["error"]["fields"])) == (422, ["paying_team"])
    assert (reused.status_code, GenerationTask.objects.count()) == (422, 1)


def test_the_named_team_pays_also_where_the_money_is_set_aside_when_it_is_sent(user, teams, account):
    ProviderAccount.objects.update(sandbox=True)
    task = create(Order(owner=user, paying_team=teams["film"], **FOX)).task
    assert payer(task) is None
    ProviderAccount.objects.update(sandbox=False)

    account.refresh_from_db()
    spec, params = check_request(model=KLING, prompt="a red fox", params=FOX["params"], inputs={}, accounts=[account])
    with transaction.atomic():
        set_money_aside(task, account, spec, params)

    assert payer(task) == "film"


def test_what_is_ordered_again_has_the_same_payer_while_its_orderer_is_in_the_team(user, teams, account):
    task = create(Order(owner=user, paying_team=teams["film"], **FOX)).task
    task.cancel_unsent()

    assert payer(retry_task(task, by=Caller(user=user)).task) == "film"
    user.groups.remove(teams["film"])
    assert payer(retry_task(task, by=Caller(user=user)).task) == "art"


def test_another_sending_stays_with_the_team_that_paid_before(user, teams, account):
    task = create(Order(owner=user, **FOX)).task
    Preference.objects.create(user=user, team=teams["film"])
    Reservation.objects.update(waits=True)
    task.move(Status.SUBMITTING, attempt_count=2)

    spec, params = check_request(model=KLING, prompt="a red fox", params=FOX["params"], inputs={}, accounts=[account])
    with transaction.atomic():
        set_money_aside(task, account, spec, params)

    assert (Reservation.objects.count(), payer(task)) == (2, "art")


def test_a_team_that_has_paid_is_not_deleted(staff_client, user, teams, account):
    create(Order(owner=user, paying_team=teams["film"], **FOX))
    for path, sent in (
        (f"/admin/auth/group/{teams['film'].pk}/delete/", {"post": "yes"}),
        ("/admin/auth/group/", {"action": "delete_selected", "_selected_action": [teams["film"].pk, teams["theirs"].pk], "post": "yes"}),
    ):
        assert "“film” has paid for videos, and the ledger keeps its name." in staff_client.post(path, sent).text
    with pytest.raises(ProtectedError):
        teams["film"].delete()

    assert (Group.objects.count(), Reservation.objects.get().team) == (3, teams["film"])
    staff_client.post(f"/admin/auth/group/{teams['theirs'].pk}/delete/", {"post": "yes"})
    assert not Group.objects.filter(name="theirs").exists()
