"""MiniMax's two generations of one API behind one account: which paths a model's task lives under. Pure; no I/O.

MiniMax platform documents: video generation v1, read 2026-11-20, and v2, read 2026-11-29.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from urllib.parse import quote

from providers.core.base import WHILE_WAITING, Provider
from providers.core.callbacks import Callback, Notice
from providers.core.content_tasks import batch_query, cancel_waiting
from providers.core.errors import ProviderError, Unsupported
from providers.core.ids import id_of
from providers.core.listings import rows_of, snapshots_by_id
from providers.core.replies import gone_when, text_of
from providers.core.states import state_of
from providers.core.types import Exchange, GenerationRequest, Snapshot, State, Submission, WireReply, WireRequest
from providers.vendors.minimax.bodies import regeneration_body, v1_body, v2_body
from providers.vendors.minimax.callbacks import notice_of
from providers.vendors.minimax.catalog import MODELS, NOT_OFFERED, PROMPT_ADVICE, READ_ELSEWHERE, REGENERATION, SECOND_GENERATION
from providers.vendors.minimax.errors import is_gone, vendor_error
from providers.vendors.minimax.replies import log, v1_failure, v1_output, v2_snapshot
from providers.vendors.minimax.surfaces import SURFACES

__all__ = ["MiniMax"]

V1_CREATE = "/v1/video_generation"
V2_CREATE = "/v2/video_generation"
V2_AGAIN = "/v2/video_regeneration"
V2_TASKS = "/v2/query/video_generation"


class MiniMax(Provider):
    """The Hailuo, 01 and H3 models over one account."""

    slug = "minimax"
    label = "MiniMax"
    docs_url = "https://platform.minimax.io/docs/api-reference/video-generation-intro"
    surfaces = SURFACES
    models = MODELS
    not_offered = NOT_OFFERED
    prompt_advice = PROMPT_ADVICE
    read_elsewhere = READ_ELSEWHERE
    poll_batch = 50
    poll_batch_note = "of H3 only"
    batch_is_whole = False
    can_cancel = True
    cancel_note = f"of H3, {WHILE_WAITING}"

    def submit(self, request: GenerationRequest) -> Exchange[Submission]:
        path, body = _order(request)
        body |= self.callback_param("callback_url")
        reply = yield WireRequest(method="POST", path=path, json=body, billable=True)
        return Submission(id=id_of(reply.data().get("task_id"), or_number=True), model=request.spec.id)

    def poll(self, submission: Submission) -> Exchange[Snapshot]:
        with gone_when(is_gone, "MiniMax no longer knows this task."):
            if not _is_second(submission):
                return (yield from _poll_v1(submission))
            reply = yield WireRequest(method="GET", path=f"{V2_TASKS}/{quote(submission.id, safe='')}")
        return v2_snapshot(reply.part("task"))

    def poll_group(self, submission: Submission) -> str | None:
        """Return a group for v2 alone: v1 has no call for many."""
        return "v2" if _is_second(submission) else None

    def poll_many(self, submissions: Sequence[Submission]) -> Exchange[Mapping[str, Snapshot | ProviderError]]:
        """Ask for the list, filtered by ids. How several are written is not documented: what the list leaves out proves nothing."""
        reply = yield batch_query(V2_TASKS, [submission.id for submission in submissions])
        return snapshots_by_id(reply.data().get("items"), v2_snapshot)

    def cancel(self, submission: Submission) -> Exchange[None]:
        if not _is_second(submission):
            raise Unsupported("MiniMax cannot stop a render of this model once it is accepted.")
        snapshot = yield from self.poll(submission)
        yield from cancel_waiting(snapshot, f"{V2_CREATE}/{quote(submission.id, safe='')}", self.label)

    def check_account(self) -> Exchange[None]:
        reply = yield WireRequest(method="GET", path=V2_TASKS, query={"page_num": 1, "page_size": 1})
        rows_of(reply.data().get("items"))

    def notice(self, callback: Callback, at: datetime) -> Notice:  # noqa: ARG002
        return notice_of(callback)

    def check(self, reply: WireReply) -> ProviderError | None:
        return vendor_error(reply)


def _order(request: GenerationRequest) -> tuple[str, dict[str, Any]]:
    """Return the path and body of a submit."""
    if request.spec.id == REGENERATION:
        return V2_AGAIN, regeneration_body(request)
    return (V2_CREATE, v2_body(request)) if request.spec.id in SECOND_GENERATION else (V1_CREATE, v1_body(request))


def _poll_v1(submission: Submission) -> Exchange[Snapshot]:
    """Ask for the task, which has the id of its file, then for the file's address."""
    reply = yield WireRequest(method="GET", path="/v1/query/video_generation", query={"task_id": submission.id})
    task = reply.data()
    word = text_of(task, "status")
    state = state_of(word, log)
    if state is not State.SUCCEEDED:
        return Snapshot(state=state, vendor_state=word, error=v1_failure(task) if state is State.FAILED else None)
    file = yield WireRequest(method="GET", path="/v1/files/retrieve", query={"file_id": text_of(task, "file_id", or_number=True)})
    return Snapshot(state=state, vendor_state=word, outputs=(v1_output(file),))


def _is_second(submission: Submission) -> bool:
    return submission.model in SECOND_GENERATION
