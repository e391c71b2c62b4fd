"""The Jimeng models of Volcengine's visual service: one action to submit, one to poll, signed requests. Pure; no I/O.

Volcengine documents, visual service, CVSync2AsyncSubmitTask and CVSync2AsyncGetResult; read 2026-11-20. There is no cancel and no list.
Gateways take a Bearer key instead of a signature and put /jimeng before the path.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from providers.core.base import Provider
from providers.core.errors import (
    AuthenticationFailed,
    ContentRejected,
    InvalidParams,
    OutOfCredit,
    ProviderError,
    Refused,
    UnexpectedReply,
)
from providers.core.gateways import UNKNOWN_TASK
from providers.core.replies import gone_when
from providers.core.types import Exchange, GenerationRequest, Snapshot, State, Submission, WireReply, WireRequest
from providers.vendors.volcvisual.bodies import body_of
from providers.vendors.volcvisual.catalog import MODELS, NOT_OFFERED, READ_ELSEWHERE
from providers.vendors.volcvisual.errors import CODES, NOT_OPENED, code_of, vendor_error
from providers.vendors.volcvisual.replies import snapshot_of, task_id_of
from providers.vendors.volcvisual.signing import signed
from providers.vendors.volcvisual.surfaces import GATEWAY, SURFACES

__all__ = ["VolcVisual"]

SUBMIT, RESULT, VERSION = "CVSync2AsyncSubmitTask", "CVSync2AsyncGetResult", "2022-08-31"
NO_TASK = "0"


class VolcVisual(Provider):
    """Jimeng's models over one Volcengine account."""

    slug = "volcvisual"
    label = "Jimeng (Volcengine)"
    docs_url = "https://www.volcengine.com/docs/85621"
    surfaces = SURFACES
    models = MODELS
    not_offered = NOT_OFFERED
    read_elsewhere = READ_ELSEWHERE

    def submit(self, request: GenerationRequest) -> Exchange[Submission]:
        reply = yield self._action(SUBMIT, body_of(request), billable=True)
        return Submission(id=task_id_of(reply), model=request.spec.id)

    def poll(self, submission: Submission) -> Exchange[Snapshot]:
        with gone_when(lambda error: error.vendor_code == UNKNOWN_TASK, "The gateway no longer knows this task."):
            try:
                reply = yield self._ask(submission.model, submission.id)
            except (ContentRejected, InvalidParams) as error:
                if error.vendor_code not in CODES:
                    raise
                return Snapshot(state=State.FAILED, vendor_state="failed", error=error)
        return snapshot_of(reply, self.options.base_url, submission.id)

    def check_account(self) -> Exchange[None]:
        """Ask about a task that cannot exist: the signature is checked first, so any other refusal means that the keys are good. Each model
        is a service that has to be opened: one of them is enough.
        """
        closed: AuthenticationFailed | None = None
        for model in MODELS:
            try:
                reply = yield self._ask(model, NO_TASK)
            except AuthenticationFailed as error:
                if error.vendor_code not in NOT_OPENED:
                    raise
                closed = error
                continue
            except OutOfCredit:
                raise
            except Refused as error:
                if not error.vendor_code:
                    raise
            else:
                if not code_of(reply.data()):
                    raise UnexpectedReply("Volcengine answered without a code; check the account's base URL.")
            return
        assert closed is not None
        raise closed

    def sign(self, request: WireRequest, at: datetime) -> WireRequest:
        keys = self.options.credentials
        if self.options.surface == GATEWAY:
            return super().sign(request, at)
        return signed(request, base_url=self.options.base_url, access_key=keys["access_key"], secret_key=keys["secret_key"], at=at)

    def check(self, reply: WireReply) -> ProviderError | None:
        return vendor_error(reply)

    def _ask(self, model: str, task_id: str) -> WireRequest:
        return self._action(RESULT, {"req_key": model, "task_id": task_id})

    def _action(self, action: str, body: Mapping[str, Any], *, billable: bool = False) -> WireRequest:
        path = "/jimeng/" if self.options.surface == GATEWAY else "/"
        return WireRequest(method="POST", path=path, query={"Action": action, "Version": VERSION}, json=body, billable=billable)
