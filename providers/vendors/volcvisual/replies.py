"""Reads the answers of Volcengine's visual service: task ids, states, finished files.

Volcengine documents, visual service, CVSync2AsyncGetResult; read 2026-11-20.
"""

from __future__ import annotations

import logging

from providers.core.errors import SubmissionGone
from providers.core.gateways import content_url, gateway_id, gateway_snapshot
from providers.core.replies import snapshot_by_word, text_of
from providers.core.results import output_of
from providers.core.states import plain
from providers.core.types import Snapshot, State, WireReply
from providers.vendors.volcvisual.catalog import RESULT_LIFE
from providers.vendors.volcvisual.errors import CODES, code_of, is_of_a_gateway, task_failure

__all__ = ["snapshot_of", "task_id_of"]

log = logging.getLogger("providers.volcvisual")

GONE = frozenset({"notfound", "expired"})
"""As `plain` writes them: the vendor's words are `not_found` and `expired`."""


def task_id_of(reply: WireReply) -> str:
    return gateway_id(reply.data())


def snapshot_of(reply: WireReply, base_url: str, task_id: str) -> Snapshot:
    """Return what the answer means. A documented code means a failure, also of a task that is `done`; others mean nothing."""
    body = reply.data()
    if is_of_a_gateway(body):
        return gateway_snapshot(body, base_url=base_url, file_url=content_url(base_url, task_id), life=RESULT_LIFE, log=log)
    data = reply.part("data")
    word = text_of(data, "status")
    if plain(word) in GONE:
        raise SubmissionGone("Volcengine no longer knows this task; it keeps tasks for 12 hours.", vendor_code=word)
    if code_of(body) in CODES:
        return Snapshot(state=State.FAILED, vendor_state=word, error=task_failure(body))
    return snapshot_by_word(
        word,
        log,
        output=lambda: output_of(data, life=RESULT_LIFE),
        failure=lambda: task_failure(body),
    )
