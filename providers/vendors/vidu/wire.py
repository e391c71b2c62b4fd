"""Vidu's tasks: a path for each kind of input, one to ask, one to stop, a list, the credits left. Pure; no I/O.

Vidu platform documents (https://platform.vidu.com/docs/text-to-video, `/get-generation`, `/cancel-generation`, `/tasks-list`,
`/get-account-info`); read 2026-11-29. The names of the list's paging are those that QuantumNous/new-api takes (read 2026-11-29): the
vendor's page spells them in two ways.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import quote

from providers.core.base import API_KEY, WHILE_WAITING, Provider
from providers.core.callbacks import Callback, Notice
from providers.core.catalog import ModelSpec
from providers.core.errors import ProviderError, Unsupported
from providers.core.ids import id_of
from providers.core.listings import require_absence
from providers.core.replies import gone_when
from providers.core.types import Balance, Exchange, GenerationRequest, Snapshot, Submission, WireReply, WireRequest
from providers.vendors.vidu.bodies import body_of, path_of
from providers.vendors.vidu.callbacks import notice_of
from providers.vendors.vidu.catalog import MODELS, NOT_OFFERED, READ_ELSEWHERE
from providers.vendors.vidu.errors import is_gone, vendor_error
from providers.vendors.vidu.replies import balance_of, listed_of, packages_of, rows_and_next, snapshot_of, task_id_of
from providers.vendors.vidu.surfaces import SURFACES

__all__ = ["Vidu"]

TASKS = "/ent/v2/tasks"
PAGE_SIZE = 100
MOST_PAGES = 50


class Vidu(Provider):
    """The Q2 and Q3 models over one account."""

    slug = "vidu"
    label = "Vidu"
    docs_url = "https://platform.vidu.com/docs/text-to-video"
    surfaces = SURFACES
    models = MODELS
    not_offered = NOT_OFFERED
    read_elsewhere = READ_ELSEWHERE
    can_cancel = True
    cancel_note = WHILE_WAITING
    can_look_up = True
    look_up_finds = "finds a submit by our reference, where its list has that"
    look_up_within = timedelta(days=7) - timedelta(hours=1)
    """The list has the last 7 days (https://platform.vidu.com/docs/tasks-list, 2026-11-29)."""

    def submit(self, request: GenerationRequest) -> Exchange[Submission]:
        body = body_of(request) | self.callback_param("callback_url")
        reply = yield WireRequest(method="POST", path=path_of(request), json=body, billable=True)
        return Submission(id=task_id_of(reply), model=request.spec.id)

    def poll(self, submission: Submission) -> Exchange[Snapshot]:
        with gone_when(is_gone, "Vidu no longer knows this task."):
            reply = yield WireRequest(method="GET", path=f"{_task(submission)}/creations")
        return snapshot_of(reply)

    def cancel(self, submission: Submission) -> Exchange[None]:
        yield WireRequest(method="POST", path=f"{_task(submission)}/cancel", json={"id": submission.id})

    def look_up(self, reference: str, spec: ModelSpec, since: datetime, known: Sequence[str]) -> Exchange[Submission | None]:
        """Read the whole list. A task with our reference is found; absence is proven only if no other task may be ours."""
        rows = yield from _whole_list(reference)
        found = next((row for row in rows if row.get("payload") == reference), None)
        if found is not None:
            return Submission(id=id_of(found.get("id"), or_number=True), model=spec.id)
        if not set(known) <= {str(row.get("id")) for row in rows}:
            raise Unsupported("The vendor's list does not show that it has all tasks of the account.")
        require_absence(listed_of(rows), since=since, known=known)
        return None

    def check_account(self) -> Exchange[None]:
        packages_of((yield _credits()))

    def balance(self, at: datetime) -> Exchange[Balance]:  # noqa: ARG002
        return balance_of((yield _credits()))

    def notice(self, callback: Callback, at: datetime) -> Notice:
        return notice_of(callback, self.options.credentials[API_KEY.name], self.options.callback_url, at)

    def sign(self, request: WireRequest, at: datetime) -> WireRequest:  # noqa: ARG002
        return request.with_headers(Authorization=f"Token {self.options.credentials[API_KEY.name]}")

    def check(self, reply: WireReply) -> ProviderError | None:
        return vendor_error(reply)


def _task(submission: Submission) -> str:
    return f"{TASKS}/{quote(submission.id, safe='')}"


def _credits() -> WireRequest:
    return WireRequest(method="GET", path="/ent/v2/credits", query={"show_detail": "false"})


def _whole_list(reference: str) -> Exchange[list[Mapping[str, Any]]]:
    """Return the tasks of the last days, or those up to the page that has our reference."""
    rows: list[Mapping[str, Any]] = []
    token = ""
    for _ in range(MOST_PAGES):
        reply = yield WireRequest(
            method="GET", path=TASKS, query={"pager.pagesz": PAGE_SIZE} | ({"pager.page_token": token} if token else {})
        )
        page, token = rows_and_next(reply)
        rows += page
        if not token or any(row.get("payload") == reference for row in page):
            return rows
    raise Unsupported("The vendor's list of tasks is longer than can be read.")
