"""Reads Vidu's answers: task ids, states, finished files, the list of tasks, the credits left.

Vidu platform documents, "get generation", "tasks list" and "get account info" (https://platform.vidu.com/docs/get-generation); read
2026-11-29. Numbers may be written as text: `credits` of a task was seen both ways (QuantumNous/new-api, read 2026-11-29).
"""

from __future__ import annotations

import logging
from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import UTC
from decimal import Decimal
from typing import Any

from providers.core.errors import UnexpectedReply
from providers.core.ids import first_id, id_of
from providers.core.listings import Listed, rows_of
from providers.core.replies import charge_of, moment_in, number_of, object_of, snapshot_by_word, text_of, words_of
from providers.core.results import output_of
from providers.core.types import Balance, Output, Snapshot, State, WireReply
from providers.vendors.vidu.catalog import RESULT_LIFE
from providers.vendors.vidu.errors import CANCELLED, render_failure

__all__ = ["balance_of", "listed_of", "packages_of", "rows_and_next", "snapshot_of", "task_id_of"]

log = logging.getLogger("providers.vidu")


def task_id_of(reply: WireReply) -> str:
    body = reply.data()
    return first_id((body.get("task_id"), body.get("id")), or_number=True)


def snapshot_of(reply: WireReply) -> Snapshot:
    """Return what the task's object means. A cancelled task is a failed one with a code of its own."""
    task = reply.data()
    units = number_of(task.get("credits"))
    snapshot = snapshot_by_word(
        text_of(task, "state"),
        log,
        output=lambda: _output(task),
        failure=lambda: render_failure(task),
        units="" if units is None else f"credits={units:g}",
        charge=charge_of(task.get("credits"), "credits"),
    )
    if snapshot.state is State.FAILED and task.get("err_code") == CANCELLED:
        return replace(snapshot, state=State.CANCELLED, error=None)
    return snapshot


def _output(task: Mapping[str, Any]) -> Output:
    creations = task.get("creations")
    creation = creations[0] if isinstance(creations, list) and creations else None
    if not isinstance(creation, dict):
        raise UnexpectedReply("Vidu says that the task succeeded but gives no video.")
    return output_of(creation, life=RESULT_LIFE, duration_s=number_of(object_of(creation, "video").get("duration")))


def rows_and_next(reply: WireReply) -> tuple[list[Mapping[str, Any]], str]:
    """Return the tasks of one page of the list, and the token of the next page; empty at the end."""
    body = reply.data()
    return rows_of(body.get("tasks")), words_of(body, "next_page_token")


def listed_of(rows: Iterable[Mapping[str, Any]]) -> list[Listed]:
    """Return the tasks that may be ours: those without a payload, which the vendor's page does not promise for its list."""
    may_be = (row for row in rows if not words_of(row, "payload"))
    return [Listed(id=id_of(row.get("id"), or_number=True), created_at=moment_in(words_of(row, "created_at"), zone=UTC)) for row in may_be]


def packages_of(reply: WireReply) -> list[Mapping[str, Any]]:
    """Return what is left of each kind of package: `remains` in the page's example, `remaining_credits` in its table."""
    body = reply.data()
    return rows_of(body.get("remains", body.get("remaining_credits")))


def balance_of(reply: WireReply) -> Balance:
    left = [number_of(package.get("credit_remain")) for package in packages_of(reply)]
    if None in left:
        raise UnexpectedReply("Vidu does not say how many credits a package has left.")
    return Balance(amount=sum((Decimal(str(amount)) for amount in left), Decimal(0)).normalize(), unit="credits")
