"""Kling's classic API: text2video, image2video and multi-image2video, one path each, the model in the body. Pure; no I/O.

Models of the new API, which one account may use beside the classic ones, are passed on to new/wire.py.

Kling developer documents, "API authentication", "text to video", "image to video", "general errors"; read 2026-11-20. "Account information
inquiry" as public clients of it quote it; 2026-11-21. Gateways put /kling before every path.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import suppress
from datetime import datetime, timedelta
from typing import Any, ClassVar
from urllib.parse import quote

from providers.core.base import Options, Provider
from providers.core.callbacks import Callback, Notice
from providers.core.catalog import ModelSpec
from providers.core.errors import ProviderError, Refused, SubmissionGone, UnexpectedReply, Unsupported
from providers.core.gateways import content_url, gateway_snapshot, gateway_task
from providers.core.ids import id_of
from providers.core.types import Balance, Exchange, GenerationRequest, Snapshot, State, Submission, WireReply, WireRequest
from providers.vendors.kling.callbacks import notice_of
from providers.vendors.kling.classic.bodies import TEXT, classic_body, kind_of, kinds_of
from providers.vendors.kling.classic.catalog import MODELS, NOT_OFFERED, READ_ELSEWHERE
from providers.vendors.kling.classic.replies import RESULT_LIFE, balance_of, log, reference_of, snapshot_of, task_id_of
from providers.vendors.kling.errors import is_gone, vendor_error
from providers.vendors.kling.new import wire as new
from providers.vendors.kling.new.catalog import NEW_MODELS
from providers.vendors.kling.signing import token_of
from providers.vendors.kling.surfaces import GATEWAY, SURFACES, TWO_KEYS

__all__ = ["Kling"]

COSTS = "/account/costs"
NO_TASK = "0"
LONGEST_PACKAGE = timedelta(days=3 * 366)


class Kling(Provider):
    """Kling's models over one account: the classic ones, and those of the new API where there is an API key."""

    slug = "kling"
    label = "Kling"
    docs_url = "https://app.klingai.com/global/dev/document-api"
    surfaces = SURFACES
    models: ClassVar[Mapping[str, ModelSpec]] = {**MODELS, **NEW_MODELS}
    not_offered = NOT_OFFERED
    read_elsewhere = READ_ELSEWHERE
    poll_batch = new.BATCH
    poll_batch_note = "of the new API only"
    can_look_up = True
    look_up_within = timedelta(days=29)
    """Tasks are kept for 30 days (https://app.klingai.com/global/dev/document-api, 2026-11-20)."""

    def __init__(self, options: Options) -> None:
        super().__init__(options)
        self._is_gateway = options.surface == GATEWAY

    @classmethod
    def takes_reference_once(cls, surface: str, model: str) -> bool:  # noqa: ARG003
        """Return True for the vendor's own APIs, which take a reference once in the whole account (`READ_ELSEWHERE`). What
        gateways do is not known.
        """
        return surface != GATEWAY

    def submit(self, request: GenerationRequest) -> Exchange[Submission]:
        if request.spec.id in NEW_MODELS:
            return (yield from new.submit(request, self.callback_param("callback_url")))
        kind = kind_of(request)
        body = classic_body(request) | self.callback_param("callback_url")
        reply = yield WireRequest(method="POST", path=self._path(kind), json=body, billable=True)
        return Submission(id=task_id_of(reply), model=request.spec.id, kind=kind)

    def poll(self, submission: Submission) -> Exchange[Snapshot]:
        if submission.model in NEW_MODELS:
            return (yield from new.poll(submission))
        kinds = (submission.kind,) if submission.kind else kinds_of(self.models[submission.model])
        found = yield from self._find(submission.id, kinds)
        if found is None:
            raise SubmissionGone("Kling no longer knows this task.")
        return self._of_a_gateway(found[1], submission) if self._is_gateway else snapshot_of(found[1])

    def poll_group(self, submission: Submission) -> str | None:
        """Return a group for the new API alone: the classic one has no call for many."""
        return new.TASKS if submission.model in NEW_MODELS else None

    def poll_many(self, submissions: Sequence[Submission]) -> Exchange[Mapping[str, Snapshot | ProviderError]]:
        return (yield from new.poll_many(submissions))

    def look_up(self, reference: str, spec: ModelSpec, since: datetime, known: Sequence[str]) -> Exchange[Submission | None]:  # noqa: ARG002
        if spec.id in NEW_MODELS:
            return (yield from new.find(reference, spec.id))
        found = yield from self._find(reference, kinds_of(spec))
        if found is None:
            if self._is_gateway:
                raise Unsupported("The gateway does not know our reference, which need not mean that it has no such task.")
            return None
        kind, data = found
        if reference_of(data) not in {"", reference}:
            raise UnexpectedReply("Kling answered with another task than the one we asked for.")
        return Submission(id=id_of(data.get("task_id"), or_number=True), model=spec.id, kind=kind)

    def check_account(self) -> Exchange[None]:
        try:
            reply = yield WireRequest(method="GET", path=self._path(TEXT), query={"pageNum": 1, "pageSize": 1})
            has_list = isinstance(reply.data().get("data"), list)
        except UnexpectedReply:
            if not self._is_gateway:
                raise
            has_list = False
        if not has_list and not (self._is_gateway and (yield from self._denies_a_task())):
            raise UnexpectedReply("Kling answered without the list of tasks; check the account's base URL.")

    def notice(self, callback: Callback, at: datetime) -> Notice:
        return notice_of(callback, self.options.credentials.get("webhook_secret", ""), at)

    def balance(self, at: datetime) -> Exchange[Balance]:
        """Ask what is left of the packages. Those bought outside the dates are not listed, so the dates reach back far."""
        if self._is_gateway:
            raise Unsupported("Kling does not report a gateway's balance.")
        dates = {"start_time": int((at - LONGEST_PACKAGE).timestamp() * 1000), "end_time": int(at.timestamp() * 1000)}
        reply = yield WireRequest(method="GET", path=COSTS, query=dates)
        return balance_of(reply.part("data"))

    def sign(self, request: WireRequest, at: datetime) -> WireRequest:
        if self.options.surface != TWO_KEYS:
            return super().sign(request, at)
        token = token_of(self.options.credentials["access_key"], self.options.credentials["secret_key"], at)
        return request.with_headers(Authorization=f"Bearer {token}")

    def check(self, reply: WireReply) -> ProviderError | None:
        return vendor_error(reply)

    def _path(self, kind: str) -> str:
        return f"{'/kling' if self._is_gateway else ''}/v1/videos/{kind}"

    def _of_a_gateway(self, task: Mapping[str, Any], submission: Submission) -> Snapshot:
        """Return what a gateway's answer means, by the vendor's own reading where it passes a finished task on as it is."""
        base_url = self.options.base_url
        whole = {"data": task}  # or else what the gateway keeps of the vendor's last answer inside the task might be read instead
        snapshot = gateway_snapshot(whole, base_url=base_url, file_url=content_url(base_url, submission.id), life=RESULT_LIFE, log=log)
        if snapshot.state is State.SUCCEEDED:
            with suppress(UnexpectedReply):
                return snapshot_of(task)
        return snapshot

    def _denies_a_task(self) -> Exchange[bool]:
        """Ask for a task that cannot exist: new-api has no list, and answers with its console's page (router/web-router.go@01dc8d6)."""
        try:
            yield WireRequest(method="GET", path=f"{self._path(TEXT)}/{NO_TASK}")
        except Refused as error:
            if not is_gone(error):
                raise
            return True
        return False

    def _find(self, name: str, kinds: Sequence[str]) -> Exchange[tuple[str, Mapping[str, Any]] | None]:
        """Find the task called `name` (the vendor's id or our reference) and the path that knows it."""
        for kind in kinds:
            try:
                reply = yield WireRequest(method="GET", path=f"{self._path(kind)}/{quote(name, safe='')}")
            except Refused as error:
                if not is_gone(error):
                    raise
                continue
            except UnexpectedReply:
                if not self._is_gateway or len(kinds) == 1:
                    raise
                continue  # new-api answers with its console's page for a kind that it does not pass on
            return kind, gateway_task(reply.data()) or reply.part("data")
        return None
