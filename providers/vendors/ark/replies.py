"""Reads Ark's answers: states, finished files, pages of the list.

Volcengine Ark documents, "video generation API": query and list pages; read 2026-11-20.
"""

from __future__ import annotations

import logging
from collections.abc import Container, Mapping
from dataclasses import replace
from datetime import timedelta
from typing import Any

from providers.core import content_tasks
from providers.core.content_tasks import EXPIRED
from providers.core.errors import GenerationFailed, ProviderError, UnexpectedReply
from providers.core.listings import Listed, Page, moment, rows_of, without_others
from providers.core.replies import charge_of, number_of, object_of, text_of
from providers.core.results import output_of
from providers.core.states import plain
from providers.core.types import Output, Snapshot, WireReply
from providers.vendors.ark.errors import task_failure

__all__ = ["page_of", "snapshot_of"]

log = logging.getLogger("providers.ark")

RESULT_LIFE = timedelta(hours=24)
OFFLINE_POLL = timedelta(seconds=60)
"""How often clients ask about what renders when there is room."""


def page_of(reply: WireReply, others: Container[str]) -> Page:
    """Return one page of the list, without tasks of other models."""
    body = reply.data()
    rows, total = rows_of(body.get("items")), body.get("total")
    if not isinstance(total, int):
        raise UnexpectedReply("Ark's list does not say how many tasks there are.")
    ours = without_others(rows, named="model", others=others)
    listed = [Listed(id=text_of(row, "id"), created_at=moment(row.get("created_at"))) for row in ours]
    return Page(tasks=listed, rows=len(rows), total=total)


def snapshot_of(task: Mapping[str, Any]) -> Snapshot:
    """Return what a task's object means. Ark bills completion tokens: the total has others too (Ark documents, read 2026-11-29)."""
    snapshot = content_tasks.snapshot_of(task, output=_output, failure=_failure, log=log)
    snapshot = replace(snapshot, charge=charge_of(object_of(task, "usage").get("completion_tokens"), "tokens"))
    return replace(snapshot, ask_again_after=OFFLINE_POLL) if task.get("service_tier") == "flex" else snapshot


def _failure(word: str, task: Mapping[str, Any]) -> ProviderError:
    if plain(word) == EXPIRED:
        return GenerationFailed("It waited and rendered longer than the time set for it, and Ark dropped it.", vendor_code=EXPIRED)
    return task_failure(task)


def _output(task: Mapping[str, Any]) -> Output:
    return output_of(object_of(task, "content"), task, life=RESULT_LIFE, duration_s=number_of(task.get("duration")))
