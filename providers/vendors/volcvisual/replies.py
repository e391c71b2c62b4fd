"""Reads the answers of Volcengine's visual service: task ids, states, finished files.

Volcengine documents, visual service, CVSync2AsyncGetResult; read 2026-11-20.
"""

from __future__ import annotations

import logging

from providers.core.errors import SubmissionGone
from providers.core.gateways import gateway_id, gateway_snapshot, gateway_task
from providers.core.replies import snapshot_by_word, text_of
from providers.core.states import plain
from providers.core.types import Output, Snapshot, State, WireReply
from providers.vendors.volcvisual.catalog import RESULT_LIFE
from providers.vendors.volcvisual.errors import CODES, code_of, task_failure

__all__ = ["snapshot_of", "task_id_of"]

log = logging.getLogger("providers.volcvisual")

GONE = frozenset({"notfound", "expired"})
"""As `plain` writes them: the vendor's words are `not_found` and `expired`."""


def task_id_of(reply: WireReply) -> str:
    return gateway_id(reply.data())


def snapshot_of(reply: WireReply, origin: str) -> Snapshot:
    """Return what the answer means. A documented code means a failure, also of a task that is `done`; others mean nothing."""
    body = reply.data()
    task = gateway_task(body)
    if task is not None:
        return gateway_snapshot(task, life=RESULT_LIFE, origin=origin, log=log)
    data = reply.part("data")
    word = text_of(data, "status")
    if plain(word) in GONE:
        raise SubmissionGone("Volcengine no longer knows this task; it keeps tasks for 12 hours.", vendor_code=word)
    if code_of(body) in CODES:
        return Snapshot(state=State.FAILED, vendor_state=word, error=task_failure(body))
    return snapshot_by_word(
        word,
        log,
        output=lambda: Output(url=text_of(data, "video_url"), expires_in=RESULT_LIFE),
        failure=lambda: task_failure(body),
    )
