"""Kling's new API: the model in the path, every task polled under /tasks. Pure; no I/O.

Kling developer documents, "text to video" and "image to video" of 3.0 omni, "query tasks"; read 2026-11-20.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from providers.core.errors import ProviderError, UnexpectedReply
from providers.core.ids import id_of
from providers.core.listings import only_answer, rows_of, snapshots_by_id
from providers.core.types import Exchange, GenerationRequest, Snapshot, Submission, WireRequest
from providers.vendors.kling.new.bodies import body_of, path_of
from providers.vendors.kling.new.replies import snapshot_of

__all__ = ["BATCH", "TASKS", "find", "poll", "poll_many", "submit"]

BATCH = 20
TASKS = "/tasks"


def submit(request: GenerationRequest, callback: Mapping[str, str]) -> Exchange[Submission]:
    reply = yield WireRequest(method="POST", path=path_of(request), json=body_of(request, callback), billable=True)
    return Submission(id=id_of(reply.part("data").get("id"), or_number=True), model=request.spec.id)


def poll(submission: Submission) -> Exchange[Snapshot]:
    return only_answer((yield from poll_many([submission])), submission, "Kling no longer knows this task.")


def poll_many(submissions: Sequence[Submission]) -> Exchange[Mapping[str, Snapshot | ProviderError]]:
    """Ask about several tasks. An id that Kling does not know is missing from its answer."""
    names = ",".join(submission.id for submission in submissions)
    reply = yield WireRequest(method="GET", path=TASKS, query={"task_ids": names})
    return snapshots_by_id(reply.data().get("data"), snapshot_of)


def find(reference: str, model: str) -> Exchange[Submission | None]:
    """Find the task that carries our reference."""
    reply = yield WireRequest(method="GET", path=TASKS, query={"external_task_ids": reference})
    rows = rows_of(reply.data().get("data"))
    if not rows:
        return None
    ours = [row for row in rows if row.get("external_id") == reference]
    if len(ours) != 1:
        raise UnexpectedReply("Kling answered with other tasks than the one we asked for.")
    return Submission(id=id_of(ours[0].get("id"), or_number=True), model=model)
