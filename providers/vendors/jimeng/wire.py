"""How Jimeng's web site is spoken: two ways to submit, one batch poll for each, credits; cookie and sign. Pure; no I/O.

Unofficial: the vendor documents none of it and may change it any day; as known on 2026-11-20. There is no cancel.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from decimal import Decimal
from typing import Any, ClassVar

from providers.core.base import CredentialField, Limits, Provider, Sandbox, Surface
from providers.core.catalog import ModelSpec
from providers.core.errors import ProviderError, SubmissionGone, Unsupported
from providers.core.types import Balance, Exchange, GenerationRequest, Snapshot, Submission, WireReply, WireRequest
from providers.vendors.jimeng.bodies import APP_ID, DRAFT_VERSION, draft_body, generate_body, submit_id_of
from providers.vendors.jimeng.catalog import MODELS, NOT_OFFERED, WIRE_KEYS
from providers.vendors.jimeng.errors import vendor_error
from providers.vendors.jimeng.page import SITE, page_headers
from providers.vendors.jimeng.replies import credits_of, entry_of, id_of, snapshot_or_error

__all__ = ["Jimeng"]

TASK, HISTORY = "task", "history"
"""Kinds of submissions: the older request is asked about by task id, a draft by its record in the history."""
SHORTEST_SECRET = 8
CREDITS_PATH = "commerce/v1/benefits/user_credit"
DRAFT_QUERY: Mapping[str, str | int] = {
    "aid": APP_ID,
    "device_platform": "web",
    "region": "cn",
    "da_version": DRAFT_VERSION,
    "os": "windows",
    "web_component_open_flag": 1,
    "web_version": "7.5.0",
    "aigc_features": "app_lip_sync",
}
SURFACE = Surface(
    slug="web",
    label="Jimeng web site, unofficial",
    base_url=SITE,
    credentials=(
        CredentialField(name="cookie", label="Cookie of a signed-in browser; its sessionid is enough"),
        CredentialField(name="sign", label="Sign: computed, none, or 32 characters captured in the browser", secret=False),
    ),
    help="Not an API that the vendor offers: it may stop working any day. The site renders one video at a time.",
    limits=Limits(max_in_flight=1, polls_per_second=2),
    sandbox=Sandbox(path="/hosts/jimeng", credentials={"cookie": "sessionid=sim-session-000000000000", "sign": "computed"}),
)


class Jimeng(Provider):
    """One signed-in user of the web site."""

    slug = "jimeng"
    label = "Jimeng web (unofficial)"
    docs_url = f"{SITE}/ai-tool/video/generate"
    surfaces: ClassVar[Mapping[str, Surface]] = {SURFACE.slug: SURFACE}
    models = MODELS
    not_offered = NOT_OFFERED
    poll_batch = 20
    can_look_up = True

    def submit(self, request: GenerationRequest) -> Exchange[Submission]:
        if WIRE_KEYS[request.spec.id].draft:
            query = {**DRAFT_QUERY, "webId": self._web_id()}
            ask = WireRequest(method="POST", path="mweb/v1/aigc_draft/generate", query=query, json=draft_body(request), billable=True)
        else:
            ask = _post("mweb/v1/generate_video", generate_body(request), billable=True)
        reply = yield ask
        accepted = entry_of(reply.part("data"), "aigc_data")
        return _submission(request.spec, task_id=entry_of(accepted, "task").get("task_id"), history_id=accepted.get("history_record_id"))

    def poll(self, submission: Submission) -> Exchange[Snapshot]:
        found = yield from self.poll_many([submission])
        answer = found.get(submission.id)
        if answer is None:
            raise SubmissionGone("Jimeng no longer knows this task.")
        if isinstance(answer, ProviderError):
            raise answer
        return answer

    def poll_group(self, submission: Submission) -> str | None:
        return submission.kind

    def poll_many(self, submissions: Sequence[Submission]) -> Exchange[Mapping[str, Snapshot | ProviderError]]:
        """Those of one kind; an adopted one, whose kind nobody knows, may be known by either name."""
        ids, kind = [submission.id for submission in submissions], submissions[0].kind
        found: dict[str, Snapshot | ProviderError] = {}
        if kind != HISTORY:
            reply = yield _post("mweb/v1/mget_generate_task", {"task_id_list": ids})
            found |= _answers(entry_of(reply.part("data"), "task_map"), ids)
        missing = [name for name in ids if name not in found]
        if kind != TASK and missing:
            reply = yield _post("mweb/v1/get_history_by_ids", {"history_ids": missing})
            found |= _answers(reply.part("data"), missing)
        return found

    def look_up(self, reference: str, spec: ModelSpec, since: datetime, known: Sequence[str]) -> Exchange[Submission | None]:  # noqa: ARG002
        """What the history has under our submit id is ours; nobody says that what it lacks was never accepted."""
        submit_id = submit_id_of(reference)
        reply = yield _post("mweb/v1/get_history_by_ids", {"submit_ids": [submit_id]})
        if submit_id not in reply.part("data"):
            raise Unsupported("Jimeng's history does not have it, which need not mean that it was not accepted.")
        task = entry_of(entry_of(reply.part("data"), submit_id), "task")
        return _submission(spec, task_id=task.get("task_id"), history_id=task.get("history_id"))

    def check_account(self) -> Exchange[None]:
        credits_of((yield _post(CREDITS_PATH, {})))

    def balance(self, at: datetime) -> Exchange[Balance]:  # noqa: ARG002
        reply = yield _post(CREDITS_PATH, {})
        return Balance(amount=Decimal(credits_of(reply)), unit="credits")

    def sign(self, request: WireRequest, at: datetime) -> WireRequest:
        keys = self.options.credentials
        page = page_headers(request.path, cookie=keys["cookie"], sign=keys["sign"], moment=str(int(at.timestamp())))
        return replace(request, headers={**request.headers, **page})

    def check(self, reply: WireReply) -> ProviderError | None:
        return vendor_error(reply)

    @property
    def secrets(self) -> tuple[str, ...]:
        """The cookie, and each value in it that is long enough to be one: the vendor may quote a single value back."""
        cookie = self.options.credentials["cookie"]
        values = (pair.partition("=")[2].strip() for pair in cookie.split(";"))
        return (cookie, *(value for value in values if len(value) >= SHORTEST_SECRET))

    def _web_id(self) -> str:
        """The page's number for a browser: 19 digits, the same for the same cookie."""
        digest = hashlib.sha256(self.options.credentials["cookie"].encode()).digest()
        return f"7{int.from_bytes(digest[:8], 'big') % 10**18:018d}"


def _post(path: str, body: Mapping[str, Any], *, billable: bool = False) -> WireRequest:
    return WireRequest(method="POST", path=path, query={"aid": APP_ID}, json=body, billable=billable)


def _submission(spec: ModelSpec, *, task_id: object, history_id: object) -> Submission:
    kind, name = (HISTORY, history_id) if WIRE_KEYS[spec.id].draft else (TASK, task_id)
    return Submission(id=id_of(name, f"{kind} id"), model=spec.id, kind=kind)


def _answers(entries: Mapping[str, Any], ids: Sequence[str]) -> dict[str, Snapshot | ProviderError]:
    return {name: snapshot_or_error(entries[name]) for name in ids if name in entries}
