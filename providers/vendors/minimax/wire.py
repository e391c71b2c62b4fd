"""MiniMax's two generations of one API behind one account: which paths a model's task lives under. Pure; no I/O.

MiniMax platform documents, video generation v1 and v2; read 2026-11-20.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import ClassVar
from urllib.parse import quote

from providers.core.base import WHILE_WAITING, Provider, Surface
from providers.core.callbacks import Callback, Notice
from providers.core.content_tasks import batch_query, cancel_waiting
from providers.core.errors import ProviderError, Refused, SubmissionGone, Unsupported
from providers.core.ids import id_of
from providers.core.listings import rows_of, snapshots_by_id
from providers.core.types import Exchange, GenerationRequest, Snapshot, Submission, WireReply, WireRequest
from providers.vendors.minimax import v1, v2
from providers.vendors.minimax.callbacks import notice_of
from providers.vendors.minimax.catalog import MODELS, NOT_OFFERED, READ_ELSEWHERE, SECOND_GENERATION
from providers.vendors.minimax.errors import is_gone, vendor_error
from providers.vendors.minimax.surfaces import SURFACES

__all__ = ["MiniMax"]


class MiniMax(Provider):
    """The Hailuo, 01 and H3 models over one account."""

    slug = "minimax"
    label = "MiniMax"
    docs_url = "https://platform.minimax.io/docs/api-reference/video-generation"
    surfaces: ClassVar[Mapping[str, Surface]] = {surface.slug: surface for surface in SURFACES}
    models = MODELS
    not_offered = NOT_OFFERED
    read_elsewhere = READ_ELSEWHERE
    poll_batch = 50
    poll_batch_note = "of H3 only"
    batch_is_whole = False
    can_cancel = True
    cancel_note = f"of H3, {WHILE_WAITING}"

    def submit(self, request: GenerationRequest) -> Exchange[Submission]:
        speak = v2 if request.spec.id in SECOND_GENERATION else v1
        body = speak.body(request) | self.callback_param("callback_url")
        reply = yield WireRequest(method="POST", path=speak.CREATE, json=body, billable=True)
        return Submission(id=id_of(reply.data().get("task_id"), or_number=True), model=request.spec.id)

    def poll(self, submission: Submission) -> Exchange[Snapshot]:
        try:
            return (yield from self._ask(submission))
        except Refused as error:
            if not is_gone(error):
                raise
            raise SubmissionGone("MiniMax no longer knows this task.", vendor_code=error.vendor_code) from error

    def poll_group(self, submission: Submission) -> str | None:
        """v1 has no call for many."""
        return "v2" if _is_second(submission) else None

    def poll_many(self, submissions: Sequence[Submission]) -> Exchange[Mapping[str, Snapshot | ProviderError]]:
        """The list's filter takes several ids, but how they are written is not said: what it leaves out proves nothing."""
        reply = yield batch_query(v2.TASKS, [submission.id for submission in submissions])
        return snapshots_by_id(reply.data().get("items"), v2.snapshot)

    def cancel(self, submission: Submission) -> Exchange[None]:
        if not _is_second(submission):
            raise Unsupported("MiniMax cannot stop a render of this model once it is accepted.")
        snapshot = yield from self.poll(submission)
        yield from cancel_waiting(snapshot, f"{v2.CREATE}/{quote(submission.id, safe='')}", self.label)

    def check_account(self) -> Exchange[None]:
        reply = yield WireRequest(method="GET", path=v2.TASKS, query={"page_num": 1, "page_size": 1})
        rows_of(reply.data().get("items"))

    def notice(self, callback: Callback, at: datetime) -> Notice:  # noqa: ARG002
        return notice_of(callback)

    def sign(self, request: WireRequest, at: datetime) -> WireRequest:  # noqa: ARG002
        return request.with_headers(Authorization=f"Bearer {self.options.credentials['api_key']}")

    def check(self, reply: WireReply) -> ProviderError | None:
        return vendor_error(reply)

    def _ask(self, submission: Submission) -> Exchange[Snapshot]:
        if not _is_second(submission):
            return (yield from v1.poll(submission))
        reply = yield WireRequest(method="GET", path=f"{v2.TASKS}/{quote(submission.id, safe='')}")
        return v2.snapshot(reply.part("task"))


def _is_second(submission: Submission) -> bool:
    return submission.model in SECOND_GENERATION
