"""Ark's content generation tasks: create, get, list, delete. Pure; no I/O.

Volcengine Ark documents, "video generation API": create, query, list and cancel pages; read 2026-11-20. The base URL holds /api/v3.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from functools import partial
from urllib.parse import quote

from providers.core.base import WHILE_WAITING, Provider
from providers.core.callbacks import Callback, Notice
from providers.core.catalog import ModelSpec
from providers.core.content_tasks import batch_query, cancel_waiting
from providers.core.errors import ProviderError
from providers.core.ids import id_of
from providers.core.listings import LISTS_ONLY, absence_on_pages, rows_of, snapshots_by_id
from providers.core.replies import gone_when
from providers.core.types import Exchange, GenerationRequest, Snapshot, Submission, WireReply, WireRequest
from providers.vendors.ark.bodies import body_of
from providers.vendors.ark.callbacks import notice_of
from providers.vendors.ark.catalog import MODELS, NOT_OFFERED, READ_ELSEWHERE
from providers.vendors.ark.errors import is_gone, vendor_error
from providers.vendors.ark.replies import page_of, snapshot_of
from providers.vendors.ark.surfaces import SURFACES

__all__ = ["Ark"]

TASKS = "contents/generations/tasks"
PAGE_SIZE = 500
MOST_PAGES = 20


class Ark(Provider):
    """The Seedance models over one account."""

    slug = "ark"
    label = "Ark"
    docs_url = "https://www.volcengine.com/docs/82379/1520757"
    surfaces = SURFACES
    models = MODELS
    not_offered = NOT_OFFERED
    read_elsewhere = READ_ELSEWHERE
    poll_batch = 100
    can_cancel = True
    cancel_note = WHILE_WAITING
    can_look_up = True
    look_up_finds = LISTS_ONLY
    look_up_within = timedelta(days=6, hours=23)

    def submit(self, request: GenerationRequest) -> Exchange[Submission]:
        body = body_of(request, self.name_of(request.spec.id)) | self.callback_param("callback_url")
        reply = yield WireRequest(method="POST", path=TASKS, json=body, billable=True)
        return Submission(id=id_of(reply.data().get("id")), model=request.spec.id)

    def poll(self, submission: Submission) -> Exchange[Snapshot]:
        with gone_when(is_gone, "Ark no longer knows this task; it keeps tasks for 7 days."):
            reply = yield WireRequest(method="GET", path=_path(submission))
        return snapshot_of(reply.data())

    def poll_many(self, submissions: Sequence[Submission]) -> Exchange[Mapping[str, Snapshot | ProviderError]]:
        reply = yield batch_query(TASKS, [submission.id for submission in submissions])
        return snapshots_by_id(reply.data().get("items"), snapshot_of)

    def cancel(self, submission: Submission) -> Exchange[None]:
        snapshot = yield from self.poll(submission)
        yield from cancel_waiting(snapshot, _path(submission), self.label)

    def look_up(self, reference: str, spec: ModelSpec, since: datetime, known: Sequence[str]) -> Exchange[Submission | None]:  # noqa: ARG002
        """Prove from the list of the last 7 days that there is no such task: tasks carry no reference, so none can be found."""
        read = partial(page_of, others=self.names_of_others(spec.id))
        yield from absence_on_pages(_page, read, most=MOST_PAGES, since=since, known=known)
        return None

    def check_account(self) -> Exchange[None]:
        reply = yield _page(1, size=1)
        rows_of(reply.data().get("items"))

    def notice(self, callback: Callback, at: datetime) -> Notice:  # noqa: ARG002
        return notice_of(callback)

    def check(self, reply: WireReply) -> ProviderError | None:
        return vendor_error(reply)


def _page(number: int, size: int = PAGE_SIZE) -> WireRequest:
    return WireRequest(method="GET", path=TASKS, query={"page_num": number, "page_size": size})


def _path(submission: Submission) -> str:
    return f"{TASKS}/{quote(submission.id, safe='')}"
