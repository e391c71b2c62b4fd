"""How Jimeng's web site is spoken: two ways to submit, two ways to ask for many tasks, credits; cookie and sign. Pure; no I/O.

Unofficial: the vendor documents none of it and may change it any day; as known on 2026-11-20. There is no cancel.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from decimal import Decimal
from typing import ClassVar

from providers.core.base import Provider, Surface
from providers.core.catalog import ModelSpec
from providers.core.errors import ProviderError, SubmissionGone, Unsupported
from providers.core.types import Balance, Exchange, GenerationRequest, Snapshot, Submission, WireReply, WireRequest
from providers.vendors.jimeng.bodies import draft_body, draft_query, generate_body, submit_id_of
from providers.vendors.jimeng.catalog import MODELS, NOT_OFFERED, READ_ELSEWHERE, WIRE_KEYS, WireKeys
from providers.vendors.jimeng.errors import vendor_error
from providers.vendors.jimeng.page import SITE, page_headers, post
from providers.vendors.jimeng.questions import HISTORY_PATH, ask_for, kind_of, submission_of
from providers.vendors.jimeng.release import Release, release_of
from providers.vendors.jimeng.replies import credits_of, entry_of
from providers.vendors.jimeng.surfaces import SURFACE

__all__ = ["Jimeng"]

SHORTEST_SECRET = 8
CREDITS_PATH = "commerce/v1/benefits/user_credit"


class Jimeng(Provider):
    """One signed-in user of the web site."""

    slug = "jimeng"
    label = "Jimeng web (unofficial)"
    docs_url = f"{SITE}/ai-tool/video/generate"
    surfaces: ClassVar[Mapping[str, Surface]] = {SURFACE.slug: SURFACE}
    models = MODELS
    not_offered = NOT_OFFERED
    read_elsewhere = READ_ELSEWHERE
    poll_batch = 20
    can_look_up = True

    def submit(self, request: GenerationRequest) -> Exchange[Submission]:
        release, keys = self._release, self._keys_of(request.spec)
        if keys.draft:
            query, body = draft_query(release, self._web_id()), draft_body(request, keys, release)
            ask = WireRequest(method="POST", path="mweb/v1/aigc_draft/generate", query=query, json=body)
        else:
            ask = post("mweb/v1/generate_video", generate_body(request, keys, release), release)
        reply = yield replace(ask, billable=True)
        accepted = entry_of(reply.part("data"), "aigc_data")
        return submission_of(request.spec, task_id=entry_of(accepted, "task").get("task_id"), history_id=accepted.get("history_record_id"))

    def poll(self, submission: Submission) -> Exchange[Snapshot]:
        found = yield from self.poll_many([submission])
        answer = found.get(submission.id)
        if answer is None:
            raise SubmissionGone("Jimeng no longer knows this task.")
        if isinstance(answer, ProviderError):
            raise answer
        return answer

    def poll_group(self, submission: Submission) -> str | None:
        return kind_of(submission)

    def poll_many(self, submissions: Sequence[Submission]) -> Exchange[Mapping[str, Snapshot | ProviderError]]:
        return (yield from ask_for(submissions, self._release))

    def look_up(self, reference: str, spec: ModelSpec, since: datetime, known: Sequence[str]) -> Exchange[Submission | None]:  # noqa: ARG002
        """What the history has under our submit id is ours; nobody says that what it lacks was never accepted."""
        submit_id = submit_id_of(reference)
        reply = yield post(HISTORY_PATH, {"submit_ids": [submit_id]}, self._release)
        if submit_id not in reply.part("data"):
            raise Unsupported("Jimeng's history does not have it, which need not mean that it was not accepted.")
        task = entry_of(entry_of(reply.part("data"), submit_id), "task")
        return submission_of(spec, task_id=task.get("task_id"), history_id=task.get("history_id"))

    def check_account(self) -> Exchange[None]:
        credits_of((yield post(CREDITS_PATH, {}, self._release)))

    def balance(self, at: datetime) -> Exchange[Balance]:  # noqa: ARG002
        reply = yield post(CREDITS_PATH, {}, self._release)
        return Balance(amount=Decimal(credits_of(reply)), unit="credits")

    def sign(self, request: WireRequest, at: datetime) -> WireRequest:
        keys = self.options.credentials
        moment = str(int(at.timestamp()))
        page = page_headers(request.path, cookie=keys["cookie"], sign=keys["sign"], moment=moment, release=self._release)
        return replace(request, headers={**request.headers, **page})

    def check(self, reply: WireReply) -> ProviderError | None:
        return vendor_error(reply)

    @property
    def secrets(self) -> tuple[str, ...]:
        """The cookie, and each value in it that is long enough to be one: the vendor may quote a single value back."""
        cookie = self.options.credentials["cookie"]
        values = (pair.partition("=")[2].strip() for pair in cookie.split(";"))
        return (cookie, *(value for value in values if len(value) >= SHORTEST_SECRET))

    @property
    def _release(self) -> Release:
        return release_of(self.options.credentials)

    def _keys_of(self, spec: ModelSpec) -> WireKeys:
        """What an account calls a model is its key on the wire; the benefit may follow after a colon."""
        known = WIRE_KEYS[spec.id]
        model, _, benefit = self.name_of(spec.id).partition(":")
        return replace(known, model=model, benefit=benefit or known.benefit)

    def _web_id(self) -> str:
        """The page's number for a browser: 19 digits, the same for the same cookie."""
        digest = hashlib.sha256(self.options.credentials["cookie"].encode()).digest()
        return f"7{int.from_bytes(digest[:8], 'big') % 10**18:018d}"
