"""Each action that needs an answer to "who did that?" is in the audit log once, with who, from where and what changed, without a secret."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from django.contrib.auth.models import Group, User
from django.core.management import call_command
from django.test import Client
from django.utils import timezone

from access.models import ApiToken
from access.tokens import issue
from database.batches import first_id
from events.models import AuditEvent
from generation.lifecycle import Status
from generation.models import Attempt, FailoverRule, GenerationTask, ModelAlias, PaidSubmits
from generation.submitting import paid_record
from generation.submitting.restored_backup import hold_if_restored
from providers.models import ModelPrice, ProviderAccount
from tests.task_rows import MODEL, attempt_of, make_task
from tests.web.admin.account_fields import LIMITS, USE
from web.admin.audit import ACTIONS

SECRET = "sk-canary-0123456789"
PASSWORD = "a canary long enough"
ACCOUNTS, PRICES, RULES = "/admin/providers/provideraccount/", "/admin/providers/modelprice/", "/admin/generation/failoverrule/"
ALIASES = "/admin/generation/modelalias/"
TOKENS, USERS, GROUPS, SWITCH = "/admin/access/apitoken/", "/admin/auth/user/", "/admin/auth/group/", "/admin/generation/paidsubmits/"
AUDIT = "/admin/events/auditevent/"
ROOMS = ("access", "api", "delivery", "events", "generation", "jobs", "library", "providers", "videoportal", "web", "webhooks")
"""Folders of the tree, from which tests run; one that is not there has no code."""
DATES = {"date_joined_0": "2026-01-01", "date_joined_1": "00:00:00", "last_login_0": "", "last_login_1": ""}


class World:
    """A portal with one row of each kind, and the administrator who acts on them from 192.0.2.7."""

    def __init__(self, staff_client: Client, staff: User, user: User, account: ProviderAccount) -> None:
        self.staff_client, self.staff, self.user, self.account = staff_client, staff, user, account
        self.price = ModelPrice.objects.create(model=MODEL, unit="second", amount=1, currency="CNY")
        self.rule = FailoverRule.objects.create(from_model=MODEL, to_model="dashscope/wan2.5-t2v-preview")
        self.alias = ModelAlias.objects.create(name="old-name", model=MODEL)
        self.token, _ = issue(user, "shop")
        self.program, self.raw = issue(staff, "steering")
        AuditEvent.objects.all().delete()

    def post(self, path: str, **fields: object) -> None:
        reply = self.staff_client.post(path, {name: value for name, value in fields.items() if value is not None}, REMOTE_ADDR="192.0.2.7")
        assert reply.status_code in {200, 302}, reply.content.decode()[:400]

    def act(self, path: str, action: str, row: object) -> None:
        self.post(path, action=action, _selected_action=str(row.pk), post="yes")

    def save_account(self, path: str = "", **fields: object) -> None:
        form = {"label": "desk", "base_url": "http://127.0.0.1:9", **USE, **LIMITS, **fields}
        self.post(f"{ACCOUNTS}{path or f'{self.account.pk}/change/'}", **form)

    def save_user(self, **fields: object) -> None:
        self.post(f"{USERS}{self.user.pk}/change/", username="lin", is_active="on", **DATES, **fields)

    def review(self, **facts: object) -> GenerationTask:
        task = make_task(self.user, status=Status.NEEDS_REVIEW, account=self.account, attempt_count=1, error_code="uncertain", **facts)
        attempt_of(task, self.account, dispatch="unknown", finished_at=task.created_at)
        return task

    def decide(self, verb: str, **fields: object) -> None:
        self.post(f"/admin/generation/generationtask/{self.review().pk}/{verb}/", **fields)

    def decide_by_api(self, verb: str, body: object = None) -> None:
        reply = Client(headers={"authorization": f"Bearer {self.raw}"}).post(
            f"/api/v1/tasks/{self.review().pk}/{verb}",
            b"" if body is None else json.dumps(body),
            content_type="application/json",
            REMOTE_ADDR="192.0.2.7",
        )
        assert reply.status_code == 200, reply.content

    def restore_backup(self) -> None:
        """The record has a paid request that the database does not."""
        task = make_task(self.user)
        gone = attempt_of(task, self.account)
        paid_record.write(5, gone)
        Attempt.objects.all().delete()
        assert hold_if_restored()


@pytest.fixture
def world(staff_client: Client, staff: User, user: User, make_account: Callable[..., ProviderAccount]) -> World:
    return World(
        staff_client,
        staff,
        user,
        make_account("kling", "official-key", "http://127.0.0.1:9", label="desk", credentials={"api_key": SECRET}),
    )


def stop(world: World) -> None:
    world.post(SWITCH, stop="1", reason="the bill")


def resume(world: World) -> None:
    PaidSubmits.objects.update_or_create(pk=PaidSubmits.THE_ROW, defaults={"stopped": True})
    world.post(SWITCH, resume="1")


def confirm(world: World) -> None:
    world.restore_backup()
    world.post(SWITCH, confirm="1")


def end_cooldown(world: World) -> None:
    world.account.cool_down_for(600, "too many requests")
    world.act(ACCOUNTS, "end_cooldown", world.account)


def save_rules(world: World) -> None:
    """In the list itself."""
    rows = {"form-TOTAL_FORMS": 1, "form-INITIAL_FORMS": 1, "form-0-id": str(world.rule.pk), "form-0-position": 7}
    world.post(RULES, **rows, _save="Save")


NEW_PASSWORD = {"usable_password": "true", "password1": PASSWORD, "password2": PASSWORD}
DEEDS: list[tuple[str, Callable[[World], None]]] = [
    (
        "account.created",
        lambda w: w.save_account("add/?vendor=kling&surface=official-key", label="new", credential_api_key=SECRET),
    ),
    ("account.changed", lambda w: w.save_account(max_in_flight=3)),
    ("account.disabled", lambda w: w.save_account(enabled=None)),
    ("account.disabled", lambda w: w.act(ACCOUNTS, "disable", w.account)),
    ("account.credentials_replaced", lambda w: w.save_account(credential_api_key=f"{SECRET}-new")),
    ("account.rest_ended", end_cooldown),
    ("account.deleted", lambda w: w.post(f"{ACCOUNTS}{w.account.pk}/delete/", post="yes")),
    ("price.created", lambda w: w.post(f"{PRICES}add/", model="kling/kling-v3", unit="video", amount="2", currency="CNY")),
    ("price.changed", lambda w: w.post(f"{PRICES}{w.price.pk}/change/", model=MODEL, unit="second", amount="3", currency="CNY")),
    ("price.deleted", lambda w: w.act(PRICES, "delete_selected", w.price)),
    ("submits.stopped", stop),
    ("submits.resumed", resume),
    ("backup.confirmed", confirm),
    ("alias.created", lambda w: w.post(f"{ALIASES}add/", name="older-name", model=MODEL)),
    ("alias.changed", lambda w: w.post(f"{ALIASES}{w.alias.pk}/change/", name="old-name", model="kling/kling-v3")),
    ("alias.deleted", lambda w: w.post(f"{ALIASES}{w.alias.pk}/delete/", post="yes")),
    ("failover.created", lambda w: w.post(f"{RULES}add/", from_model="kling/kling-v3", to_model=MODEL, position=1, enabled="on")),
    ("failover.changed", save_rules),
    ("failover.deleted", lambda w: w.post(f"{RULES}{w.rule.pk}/delete/", post="yes")),
    ("token.created", lambda w: w.post(f"{TOKENS}add/", owner=w.user.pk, label="new", scopes="read")),
    ("token.changed", lambda w: w.post(f"{TOKENS}{w.token.pk}/change/", label="another", scopes="read")),
    ("token.revoked", lambda w: w.act(TOKENS, "revoke", w.token)),
    ("review.given_up", lambda w: w.decide("give_up")),
    ("review.submitted_again", lambda w: w.decide("submit_again", knows_cost="on")),
    ("user.created", lambda w: w.post(f"{USERS}add/", username="wu", **NEW_PASSWORD)),
    ("user.changed", lambda w: w.save_user(first_name="Lin")),
    ("user.rights_changed", lambda w: w.save_user(is_staff="on", groups=[Group.objects.create(name="clerks").pk])),
    (
        "user.password_set",
        lambda w: w.post(f"{USERS}{w.user.pk}/password/", **NEW_PASSWORD),
    ),
    ("user.deleted", lambda w: w.post(f"{USERS}{User.objects.create_user('wu').pk}/delete/", post="yes")),
    ("group.created", lambda w: w.post(f"{GROUPS}add/", name="clerks")),
]


@pytest.mark.parametrize(("action", "deed"), DEEDS, ids=[f"{number}-{action}" for number, (action, _) in enumerate(DEEDS)])
def test_administrators_action_is_recorded_once_without_a_secret(action, deed, world):
    deed(world)

    (event,) = AuditEvent.objects.all()
    assert (event.action, event.user_id, event.user_name, event.token_id) == (action, world.staff.pk, "admin", None)
    assert event.ip == "192.0.2.7"
    assert event.target_id
    assert action in ACTIONS
    row = str(AuditEvent.objects.values().get())
    assert not [secret for secret in (SECRET, PASSWORD, world.account.sealed, *digests()) if secret in row]


def digests() -> Iterator[str]:
    yield from ApiToken.objects.values_list("digest", flat=True)
    yield from User.objects.values_list("password", flat=True)


def test_before_and_after_have_what_changed_and_nothing_else(world):
    world.save_account(max_in_flight=3, credential_api_key=f"{SECRET}-new")

    event = AuditEvent.objects.get()
    assert (event.before, event.after) == (
        {"max_in_flight": 5, "credential_api_key": None},
        {"max_in_flight": 3, "credential_api_key": "…"},
    )
    assert (event.target_type, event.target_id, event.target_label) == ("providers.provideraccount", str(world.account.pk), "desk")


def test_rights_name_the_groups_that_were_given(world):
    world.save_user(groups=[Group.objects.create(name="clerks").pk])

    event = AuditEvent.objects.get()
    assert (event.before["groups"], event.after["groups"]) == ([], ["clerks"])


def test_form_that_changes_nothing_is_not_recorded(world):
    world.save_account()

    assert not AuditEvent.objects.exists()


@pytest.mark.parametrize(("verb", "body"), [("give-up", None), ("submit-again", {"knows_cost": True})])
def test_decision_by_the_api_names_the_token(verb, body, world):
    world.decide_by_api(verb, body)

    event = AuditEvent.objects.get()
    assert (event.user_name, event.token_id, event.ip) == ("admin", world.program.pk, "192.0.2.7")


def test_vendors_answer_that_moves_a_task_is_recorded(driver, staff_client, user):
    task = driver.until(make_task(user), Status.RUNNING)
    task.to_review("deadline", "too late")

    staff_client.post(f"/admin/generation/generationtask/{task.pk}/ask_again/")

    event = AuditEvent.objects.get()
    assert (event.action, event.target_id, event.user_name) == ("task.asked_again", str(task.pk), "admin")


def test_adoption_is_recorded_with_the_vendors_id(driver, staff_client, user):
    paid = driver.until(make_task(user), Status.RUNNING)
    unknown = make_task(user, status=Status.NEEDS_REVIEW, account=paid.account, attempt_count=1)
    Attempt.objects.filter(task=paid).delete()
    GenerationTask.objects.filter(pk=paid.pk).update(submission_id="", status="failed", due_at=None, finished_at=paid.created_at)

    staff_client.post(f"/admin/generation/generationtask/{unknown.pk}/adopt/", {"vendor_id": paid.submission_id})

    event = AuditEvent.objects.get()
    assert (event.action, event.target_id) == ("review.adopted", str(unknown.pk))
    assert event.after == {"submission_id": paid.submission_id, "account": str(paid.account)}


def test_refused_action_is_not_recorded(world):
    world.post(SWITCH, stop="1", reason=" ")
    world.decide("submit_again")
    world.decide("adopt", vendor_id="not-there")

    assert not AuditEvent.objects.exists()


def test_command_on_the_server_is_recorded_without_a_user(user):
    call_command("create_token", "lin", "shop")

    event = AuditEvent.objects.get()
    assert (event.action, event.user_id, event.user_name, event.target_label) == ("token.created", None, "", str(ApiToken.objects.get()))


def test_each_action_in_the_code_has_a_name_for_people():
    sources = (path.read_text() for room in ROOMS for path in Path(room).rglob("*.py"))
    used = {action for source in sources for action in re.findall(r'audit\.record\(\s*"([a-z_.]+)"', source)}

    assert len(used) > 20
    assert used - ACTIONS.keys() == set()


def test_the_log_is_filtered_by_person_kind_and_time(world):
    stop(world)
    call_command("create_token", "lin", "shop")
    old = AuditEvent.objects.create(
        id=first_id(timezone.now() - timedelta(days=100)),
        at=timezone.now() - timedelta(days=100),
        action="user.left",
        target_label="who-left",
    )

    def shown(**query: object) -> list[str]:
        return [row.action for row in world.staff_client.get(AUDIT, query).context["cl"].result_list]

    assert shown() == ["token.created", "submits.stopped"]
    assert shown(days="all") == ["token.created", "submits.stopped", old.action]
    assert shown(q="who-left") == []
    assert shown(q="who-left", days="365") == [old.action]
    assert shown(person=world.staff.pk) == ["submits.stopped"]
    assert shown(person="server") == ["token.created"]
    assert shown(kind="access.apitoken") == ["token.created"]
    assert [len(shown(days=odd, person=odd)) for odd in ("x", "-1", "9" * 40)] == [2, 2, 2]


@pytest.mark.parametrize("language", ["en", "zh-hans"])
def test_administrators_search_and_read_the_log_and_cannot_change_it(language, world):
    stop(world)
    world.save_account(max_in_flight=3)
    event = AuditEvent.objects.get(action="account.changed")
    headers = {"accept-language": language}

    wall = world.staff_client.get(AUDIT, {"q": "desk"}, headers=headers).text
    assert ("desk" in wall, "192.0.2.7" in wall) == (True, True)
    filtered = world.staff_client.get(AUDIT, {"action": "submits.stopped"}, headers=headers).text
    assert str(event.pk) not in filtered
    page = world.staff_client.get(f"{AUDIT}{event.pk}/change/", headers=headers).text
    assert "max_in_flight" in page
    assert ("Account changed" in page) is (language == "en")
    assert world.staff_client.post(f"{AUDIT}{event.pk}/change/", {"user_name": "nobody"}).status_code == 403
    assert world.staff_client.post(f"{AUDIT}{event.pk}/delete/", {"post": "yes"}).status_code == 403


def test_staff_without_the_permission_do_not_see_the_log(world, client):
    client.force_login(User.objects.create_user("clerk", is_staff=True))

    assert client.get(AUDIT).status_code == 403
