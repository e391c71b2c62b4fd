"""Each operation of the API asks for one scope; a token without it is refused, whoever its owner is."""

from __future__ import annotations

from uuid import uuid4

import pytest
from django.test import Client

from access.limits import Limits
from access.models import ApiToken
from access.scopes import Scope
from access.tokens import issue
from api.v1.urls import api as portal_api
from generation.lifecycle import Status
from generation.models import GenerationTask
from tests.task_rows import make_task

PATHS = portal_api.get_openapi_schema()["paths"]
OPERATIONS = {(path, method): operation["operationId"] for path, operations in PATHS.items() for method, operation in operations.items()}
NEEDED = {
    "read": {
        *("post_estimate", "estimate_variations", "estimate_finish"),
        *("post_similar", "post_content_ids", "render_prompt", "lint_prompt"),
    },
    "generate": {
        *("post_template", "patch_template", "delete_template"),
        *("post_task", "cancel_task", "retry_task", "post_asset", "post_frame", "crop_asset", "delete_asset"),
        *("post_recurring", "patch_recurring", "run_recurring", "delete_recurring"),
        *("post_batch", "accept_batch", "patch_batch", "pause_batch", "resume_batch", "cancel_batch", "retry_batch"),
        *("post_variations", "finish_task"),
        *("enhance_prompt", "translate_prompt", "describe_frame", "write_caption", "plan_content"),
        *("post_preset", "patch_preset", "delete_preset"),
    },
    "manage_videos": {
        "patch_content",
        *("patch_video", "delete_video", "restore_video", "empty_bin", "post_poster", "post_vote", "post_captions", "delete_captions_of"),
        *("post_bulk", "cancel_bulk", "undo_bulk"),
        *("post_collection", "patch_collection", "delete_collection"),
        *("post_collected", "post_collected_remove", "post_collected_move"),
        *("post_link", "delete_link", "post_replace_url", "share_task"),
        *("post_review", "post_comment", "patch_comment", "delete_comment"),
    },
    "manage_tokens": {
        *("list_tokens", "post_token", "get_token", "patch_token", "roll_token", "revoke_token"),
        *("post_webhook", "patch_webhook", "delete_webhook", "roll_webhook", "ping_webhook", "replay_webhook", "replay_delivery"),
        "patch_preferences",
    },
    "admin": {
        *("post_bill", "patch_bill", "delete_bill", "take_over_bill"),
        *("post_budget", "patch_budget", "delete_budget"),
        *("ask_again", "adopt_task", "submit_task_again", "give_up_task", "post_task_cost"),
    },
}
"""A new operation that is none of these and changes something fails the test below: say which scope it needs."""
ALSO_READ = {"post_webhook", "patch_webhook"}


def scopes_of(name: str, method: str) -> tuple[str, ...]:
    one = next((scope for scope, names in NEEDED.items() if name in names), "read" if method in {"get", "head"} else "")
    return (one, "read") if name in ALSO_READ else (one,)


@pytest.fixture
def called(staff):
    """Return a function that calls an operation with a token of a superuser that has these scopes, about rows that are not there."""
    clients = {}

    def call(path, method, scopes):
        if scopes not in clients:
            clients[scopes] = Client(headers={"authorization": f"Bearer {issue(staff, 'one', limits=Limits(scopes=scopes))[1]}"})
            clients[scopes].raise_request_exception = False
        names = [part.strip("{}") for part in path.split("/") if part.startswith("{")]
        address = path.format(**{name: uuid4() for name in names})
        return clients[scopes].generic(method.upper(), address, "{}", content_type="application/json")

    return call


def test_each_operation_needs_its_scopes_and_no_other(called):
    wrong = []
    for (path, method), name in OPERATIONS.items():
        if name == "get_own_token":  # any scope: tests/api/test_api_tokens.py
            continue
        needed = scopes_of(name, method)
        refusals = [called(path, method, tuple(scope for scope in Scope.values if scope != one)) for one in needed]
        alone = called(path, method, needed)
        words = f'Bearer error="insufficient_scope", scope="{" ".join(needed)}"'
        refused = all((reply.status_code, reply.get("WWW-Authenticate")) == (403, words) for reply in refusals)
        passes = alone.status_code < 500 and "WWW-Authenticate" not in alone
        documented = PATHS[path][method]["security"] == [{"BearerToken": list(needed)}, {"SignedInPage": []}]
        if not (refused and passes and documented):
            wrong.append((method, path, needed, [reply.status_code for reply in refusals], alone.status_code))

    assert wrong == []
    assert set().union(*NEEDED.values()) <= set(OPERATIONS.values())


def test_without_the_scope_admin_a_superusers_token_acts_as_a_member(staff, user, admin_api):
    task = make_task(user)
    plain = tuple(scope for scope in Scope.values if scope != "admin")
    member = Client(headers={"authorization": f"Bearer {issue(staff, 'plain', limits=Limits(scopes=plain))[1]}"})

    assert member.get(f"/api/v1/tasks/{task.pk}").status_code == 404
    assert member.post(f"/api/v1/tasks/{task.pk}/cancel").status_code == 404
    assert member.get("/api/v1/tasks").json()["items"] == []
    assert admin_api.post(f"/tasks/{task.pk}/cancel").status_code == 200
    assert GenerationTask.objects.get().status == Status.CANCELLED


def test_rights_are_those_of_now(staff, user, admin_api):
    """The token was issued to an administrator who is one no longer."""
    task = make_task(user)
    assert admin_api.get(f"/tasks/{task.pk}").status_code == 200
    staff.is_staff = staff.is_superuser = False
    staff.save()

    assert admin_api.get(f"/tasks/{task.pk}").status_code == 404


def test_an_address_outside_of_the_list_is_told_so_and_is_no_use(user):
    row, raw = issue(user, "office", limits=Limits(networks=("192.0.2.0/24",)))
    client = Client(headers={"authorization": f"Bearer {raw}"})

    answers = [client.get("/api/v1/tasks", REMOTE_ADDR=ip) for ip in ("198.51.100.1", "", "192.0.2.9")]

    assert [(reply.status_code, reply.json().get("error", {}).get("code")) for reply in answers] == [
        (403, "address_not_allowed"),
        (403, "address_not_allowed"),
        (200, None),
    ]
    assert ApiToken.objects.get(pk=row.pk).last_used_ip == "192.0.2.9"
