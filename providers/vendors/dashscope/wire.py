"""DashScope's asynchronous video tasks: submit by model family, poll, cancel, list. Pure; no I/O.

Model Studio documents, text-to-video, image-to-video, image-to-video-by-first-and-last-frame API references and
manage-asynchronous-tasks; read 2026-11-20. The base URL holds /api/v1, as the vendor's pages and its SDK give it.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from functools import partial
from urllib.parse import quote

from providers.core.base import WHILE_WAITING, Provider
from providers.core.catalog import ModelSpec
from providers.core.errors import ProviderError, UnexpectedReply
from providers.core.ids import id_of
from providers.core.listings import LISTS_ONLY, absence_on_pages
from providers.core.types import Exchange, GenerationRequest, Snapshot, Submission, WireReply, WireRequest
from providers.vendors.dashscope.bodies import body_of, path_of
from providers.vendors.dashscope.catalog import MODELS, NOT_OFFERED, PROMPT_ADVICE, READ_ELSEWHERE
from providers.vendors.dashscope.errors import vendor_error
from providers.vendors.dashscope.replies import page_of, snapshot_of
from providers.vendors.dashscope.surfaces import SURFACES

__all__ = ["DashScope"]

PAGE_SIZE = 100
MOST_PAGES = 50


class DashScope(Provider):
    """The Wan, HappyHorse, Vidu and MiniMax models over one account."""

    slug = "dashscope"
    label = "DashScope"
    docs_url = "https://help.aliyun.com/zh/model-studio/text-to-video-api-reference"
    surfaces = SURFACES
    models = MODELS
    not_offered = NOT_OFFERED
    prompt_advice = PROMPT_ADVICE
    read_elsewhere = READ_ELSEWHERE
    can_cancel = True
    cancel_note = WHILE_WAITING
    can_look_up = True
    look_up_finds = LISTS_ONLY
    look_up_within = timedelta(hours=23)

    def submit(self, request: GenerationRequest) -> Exchange[Submission]:
        body = body_of(request, self.name_of(request.spec.id))
        ask = WireRequest(method="POST", path=path_of(request.spec.id), json=body, billable=True)
        reply = yield ask.with_headers(X_DashScope_Async="enable")
        return Submission(id=id_of(reply.part("output").get("task_id")), model=request.spec.id)

    def poll(self, submission: Submission) -> Exchange[Snapshot]:
        reply = yield WireRequest(method="GET", path=f"tasks/{quote(submission.id, safe='')}")
        return snapshot_of(reply)

    def cancel(self, submission: Submission) -> Exchange[None]:
        """Stop a task that still waits; DashScope refuses once it renders."""
        yield WireRequest(method="POST", path=f"tasks/{quote(submission.id, safe='')}/cancel")

    def look_up(self, reference: str, spec: ModelSpec, since: datetime, known: Sequence[str]) -> Exchange[Submission | None]:  # noqa: ARG002
        """Prove from the list of the last 24 hours that there is no such task: tasks carry no reference, so none can be found."""
        read = partial(page_of, others=self.names_of_others(spec.id))
        yield from absence_on_pages(_page, read, most=MOST_PAGES, since=since, known=known)
        return None

    def check_account(self) -> Exchange[None]:
        reply = yield _page(1, size=1)
        if not {"data", "total"} & reply.data().keys():
            raise UnexpectedReply("DashScope answered without the list of tasks; check the account's base URL.")

    def sign(self, request: WireRequest, at: datetime) -> WireRequest:
        signed, workspace = super().sign(request, at), self.options.credentials.get("workspace")
        return signed.with_headers(X_DashScope_WorkSpace=workspace) if workspace else signed

    def check(self, reply: WireReply) -> ProviderError | None:
        return vendor_error(reply)


def _page(number: int, size: int = PAGE_SIZE) -> WireRequest:
    return WireRequest(method="GET", path="tasks", query={"page_no": number, "page_size": size})
