"""What the answers of Volcengine's visual service mean: task ids, states, finished files. Reading only; what is asked stands in wire.py.

Volcengine documents, visual service, CVSync2AsyncGetResult; read 2026-11-20.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping

from providers.core.errors import SubmissionGone, UnexpectedReply
from providers.core.replies import state_of, text_of
from providers.core.types import Output, Snapshot, State, WireReply
from providers.vendors.volcvisual.catalog import RESULT_LIFE
from providers.vendors.volcvisual.errors import DONE, OK, code_of, task_failure

__all__ = ["snapshot_of", "task_id_of"]

log = logging.getLogger("providers.volcvisual")

STATES: Mapping[str, State] = {
    "in_queue": State.QUEUED,
    "generating": State.RUNNING,
    "processing": State.RUNNING,
    DONE: State.SUCCEEDED,
}
GONE = frozenset({"not_found", "expired"})


def task_id_of(reply: WireReply) -> str:
    value = reply.part("data").get("task_id")
    if isinstance(value, (str, int)) and value:
        return str(value)
    raise UnexpectedReply("Volcengine's answer to the submit has no task id.", http_status=reply.status)


def snapshot_of(reply: WireReply) -> Snapshot:
    """The outer code comes first: it tells a failure also of a task that is `done`."""
    body, data = reply.data(), reply.part("data")
    word = text_of(data, "status")
    if word in GONE:
        raise SubmissionGone("Volcengine no longer knows this task; it keeps tasks for 12 hours.", vendor_code=word)
    if code_of(body) not in {"", OK}:
        return Snapshot(state=State.FAILED, vendor_state=word, error=task_failure(body))
    state = state_of(word, STATES, log)
    outputs = (Output(url=text_of(data, "video_url"), expires_in=RESULT_LIFE),) if state is State.SUCCEEDED else ()
    return Snapshot(state=state, vendor_state=word, outputs=outputs)
