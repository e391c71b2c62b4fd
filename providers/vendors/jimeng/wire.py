"""The requests of Jimeng's web site: two ways to submit, two ways to ask for many tasks, credits; cookie and sign. Pure; no I/O.

Unofficial: the vendor documents none of it and may change it any day; as known on 2026-11-20. There is no cancel.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from decimal import Decimal
from typing import Any

from providers.core.base import Provider
from providers.core.catalog import ModelSpec
from providers.core.errors import ProviderError, Unsupported, is_of_the_call
from providers.core.listings import only_answer
from providers.core.types import Balance, Exchange, GenerationRequest, Snapshot, Submission, WireReply, WireRequest
from providers.vendors.jimeng.bodies import draft_body, draft_query, generate_body, submit_id_of
from providers.vendors.jimeng.catalog import MODELS, NOT_OFFERED, READ_ELSEWHERE, WIRE_KEYS, WireKeys
from providers.vendors.jimeng.errors import vendor_error
from providers.vendors.jimeng.replies import HISTORY, credits_of, entry_of, kind_of, record_of, snapshot_or_error, submission_of
from providers.vendors.jimeng.signing import page_headers
from providers.vendors.jimeng.surfaces import SITE, SURFACES, Release, release_of

__all__ = ["Jimeng"]

Answers = dict[str, Snapshot | ProviderError]
SHORTEST_SECRET = 8
HISTORY_PATH = "mweb/v1/get_history_by_ids"
TASKS_PATH = "mweb/v1/mget_generate_task"
"""The older question; newer pages ask the history alone."""
CREDITS = WireRequest(
    method="POST", path="commerce/v1/benefits/user_credit", json={}, headers={"referer": f"{SITE}/ai-tool/image/generate"}
)
"""Asked for from another page than videos are, and without a query; otherwise the site answers 1014."""


class Jimeng(Provider):
    """One signed-in user of the web site."""

    slug = "jimeng"
    label = "Jimeng web (unofficial)"
    docs_url = f"{SITE}/ai-tool/video/generate"
    surfaces = SURFACES
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
            ask = _post("mweb/v1/generate_video", generate_body(request, keys, release), release)
        reply = yield replace(ask, billable=True)
        accepted = entry_of(reply.part("data"), "aigc_data")
        return submission_of(request.spec, task_id=entry_of(accepted, "task").get("task_id"), history_id=accepted.get("history_record_id"))

    def poll(self, submission: Submission) -> Exchange[Snapshot]:
        return only_answer((yield from self.poll_many([submission])), submission, "Jimeng no longer knows this task.")

    def poll_group(self, submission: Submission) -> str | None:
        return kind_of(submission)

    def poll_many(self, submissions: Sequence[Submission]) -> Exchange[Mapping[str, Snapshot | ProviderError]]:
        return (yield from _ask(submissions, self._release))

    def look_up(self, reference: str, spec: ModelSpec, since: datetime, known: Sequence[str]) -> Exchange[Submission | None]:  # noqa: ARG002
        """Find our submit id in the history. What the history lacks may have been accepted all the same."""
        submit_id = submit_id_of(reference)
        reply = yield _post(HISTORY_PATH, {"submit_ids": [submit_id]}, self._release)
        if submit_id not in reply.part("data"):
            raise Unsupported("Jimeng's history does not have it, which need not mean that it was not accepted.")
        task = entry_of(entry_of(reply.part("data"), submit_id), "task")
        return submission_of(spec, task_id=task.get("task_id"), history_id=task.get("history_id"))

    def check_account(self) -> Exchange[None]:
        credits_of((yield CREDITS))

    def balance(self, at: datetime) -> Exchange[Balance]:  # noqa: ARG002
        reply = yield CREDITS
        return Balance(amount=Decimal(credits_of(reply)), unit="credits")

    def sign(self, request: WireRequest, at: datetime) -> WireRequest:
        keys = self.options.credentials
        moment = str(int(at.timestamp()))
        page = page_headers(request.path, cookie=keys["cookie"], sign=keys["sign"], moment=moment, release=self._release)
        return replace(request, headers={**page, **request.headers})

    def check(self, reply: WireReply) -> ProviderError | None:
        return vendor_error(reply)

    @property
    def secrets(self) -> tuple[str, ...]:
        """Return the cookie, and each value in it that is long enough to be secret: the vendor may quote a single value."""
        cookie = self.options.credentials["cookie"]
        values = (pair.partition("=")[2].strip() for pair in cookie.split(";"))
        return (cookie, *(value for value in values if len(value) >= SHORTEST_SECRET))

    @property
    def _release(self) -> Release:
        return release_of(self.options.credentials)

    def _keys_of(self, spec: ModelSpec) -> WireKeys:
        """Return the keys: an account's name for a model is its key on the wire; the benefit may follow after a colon."""
        known = WIRE_KEYS[spec.id]
        model, _, benefit = self.name_of(spec.id).partition(":")
        return replace(known, model=model, benefit=benefit or known.benefit)

    def _web_id(self) -> str:
        """Return the page's number for a browser: 19 digits, the same for the same cookie."""
        digest = hashlib.sha256(self.options.credentials["cookie"].encode()).digest()
        return f"7{int.from_bytes(digest[:8], 'big') % 10**18:018d}"


def _post(path: str, body: Mapping[str, Any], release: Release) -> WireRequest:
    """Ask as the page does for nearly everything."""
    return WireRequest(method="POST", path=path, query={"aid": release.app_id}, json=body)


def _ask(submissions: Sequence[Submission], release: Release) -> Exchange[Answers]:
    """Ask about submissions of one kind; an adopted one, whose kind is not known, may be known by either name. Raises the error that kept
    every answer away; a submission that only one of the two calls was answered about is not gone.
    """
    found: Answers = {}
    trouble: ProviderError | None = None
    try:
        if kind_of(submissions[0]) != HISTORY:
            found |= yield from _by_task([submission.id for submission in submissions], release)
    except ProviderError as error:
        if not is_of_the_call(error):
            raise
        trouble = error
    missing = [submission for submission in submissions if submission.id not in found]
    try:
        found |= yield from _by_record({record: one.id for one in missing if (record := record_of(one))}, release)
    except ProviderError as error:
        trouble = error
    if trouble is None:
        return found
    if not found:
        raise trouble
    return {submission.id: trouble for submission in missing} | found


def _by_task(ids: Sequence[str], release: Release) -> Exchange[Answers]:
    reply = yield _post(TASKS_PATH, {"task_id_list": ids}, release)
    tasks = entry_of(reply.part("data"), "task_map")
    return {name: snapshot_or_error(tasks[name]) for name in ids if name in tasks}


def _by_record(ids: Mapping[str, str], release: Release) -> Exchange[Answers]:
    """Ask for records; `ids` are those of submissions, by those of their records."""
    if not ids:
        return {}
    reply = yield _post(HISTORY_PATH, {"history_ids": list(ids)}, release)
    records = reply.part("data")
    return {name: snapshot_or_error(records[record]) for record, name in ids.items() if record in records}
