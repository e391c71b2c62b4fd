"""Zhipu's video tasks: one path for every model, one to poll. Pure; no I/O.

Zhipu open platform documents, "video generation" and "asynchronous result"; read 2026-11-20. There is no cancel, no list and no callback.
"""

from __future__ import annotations

from urllib.parse import quote

from providers.core.base import Provider
from providers.core.errors import AuthenticationFailed, ContentRejected, OutOfCredit, ProviderError, Refused
from providers.core.replies import gone_when, text_of
from providers.core.types import Exchange, GenerationRequest, Snapshot, State, Submission, WireReply, WireRequest
from providers.vendors.zhipu.bodies import body_of
from providers.vendors.zhipu.catalog import MODELS, NOT_OFFERED, READ_ELSEWHERE
from providers.vendors.zhipu.errors import is_gone, vendor_error
from providers.vendors.zhipu.replies import snapshot_of, task_id_of
from providers.vendors.zhipu.surfaces import SURFACES

__all__ = ["Zhipu"]

NO_TASK = "0"


class Zhipu(Provider):
    """CogVideoX and Vidu over one account."""

    slug = "zhipu"
    label = "Zhipu"
    docs_url = "https://docs.bigmodel.cn/cn/guide/models/video-generation/cogvideox-3"
    surfaces = SURFACES
    models = MODELS
    not_offered = NOT_OFFERED
    read_elsewhere = READ_ELSEWHERE

    def submit(self, request: GenerationRequest) -> Exchange[Submission]:
        reply = yield WireRequest(method="POST", path="videos/generations", json=body_of(request), billable=True)
        return Submission(id=task_id_of(reply), model=request.spec.id)

    def poll(self, submission: Submission) -> Exchange[Snapshot]:
        with gone_when(is_gone, "Zhipu no longer knows this task."):
            try:
                reply = yield _ask(submission.id)
            except ContentRejected as error:
                return Snapshot(state=State.FAILED, vendor_state="FAIL", error=error)
        return snapshot_of(reply)

    def check_account(self) -> Exchange[None]:
        """Ask about a task that cannot exist: the key is checked first, so any other refusal means that it is good."""
        try:
            reply = yield _ask(NO_TASK)
        except (AuthenticationFailed, OutOfCredit):
            raise
        except Refused as error:
            if not error.vendor_code:
                raise
        else:
            text_of(reply.data(), "task_status")

    def check(self, reply: WireReply) -> ProviderError | None:
        return vendor_error(reply)


def _ask(task_id: str) -> WireRequest:
    return WireRequest(method="GET", path=f"async-result/{quote(task_id, safe='')}")
