"""Reads the answers of Jimeng's web site: ids, states, files, failures, credits.

Undocumented by the vendor; as known on 2026-11-20.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Mapping
from typing import Any

from providers.core.catalog import ModelSpec
from providers.core.errors import ContentRejected, ProviderError, SubmissionGone, UnexpectedReply
from providers.core.ids import id_of
from providers.core.replies import number_of, object_of, poll_delay
from providers.core.states import state_of, unknown_state
from providers.core.types import Output, Snapshot, State, Submission, WireReply
from providers.vendors.jimeng.catalog import RESULT_LIFE, WIRE_KEYS
from providers.vendors.jimeng.errors import task_failure

__all__ = ["HISTORY", "credits_of", "entry_of", "kind_of", "record_of", "snapshot_or_error", "submission_of"]

log = logging.getLogger("providers.jimeng")

TASK, HISTORY = "task", "history"
"""Kinds of submissions: the older request is known by its task id, a draft by its record in the history. The id of a record may follow the
first kind.
"""
LONGEST_RECORD = 35
"""Characters that a kind has room for after its word."""

REJECTED_BEFORE, FAILED, REJECTED_AFTER, DELETED = 10, 30, 40, 100
STATES: Mapping[int, State] = {
    -1: State.RUNNING,
    0: State.QUEUED,
    20: State.RUNNING,
    42: State.RUNNING,
    45: State.RUNNING,
    50: State.SUCCEEDED,
    REJECTED_BEFORE: State.FAILED,
    FAILED: State.FAILED,
    REJECTED_AFTER: State.FAILED,
    DELETED: State.FAILED,
}
DONE_WITH_A_FILE = frozenset({REJECTED_BEFORE, 45})
"""States whose meaning is disputed: a file settles it."""
NUMBER = re.compile(r"-?[0-9]{1,6}")
RENDITIONS = ("origin", "1080p", "720p", "480p", "360p")
CREDITS = ("gift_credit", "purchase_credit", "vip_credit")


def entry_of(holder: object, name: str) -> dict[str, Any]:
    """Return the object under `name`; raise `UnexpectedReply` when there is none."""
    value = holder.get(name) if isinstance(holder, Mapping) else None
    if not isinstance(value, dict):
        raise UnexpectedReply(f"Jimeng's answer has no object “{name}”.")
    return value


def submission_of(spec: ModelSpec, *, task_id: object, history_id: object) -> Submission:
    if WIRE_KEYS[spec.id].draft:
        return Submission(id=id_of(history_id, "history id", or_number=True), model=spec.id, kind=HISTORY)
    record = str(history_id) if isinstance(history_id, (str, int)) and history_id else ""
    kind = f"{TASK} {record}" if 0 < len(record) <= LONGEST_RECORD else TASK
    return Submission(id=id_of(task_id, or_number=True), model=spec.id, kind=kind)


def kind_of(submission: Submission) -> str:
    return submission.kind.partition(" ")[0]


def record_of(submission: Submission) -> str:
    """Return the submission's name in the history; empty for one that was accepted without."""
    kind, _, record = submission.kind.partition(" ")
    return record if kind == TASK else submission.id


def credits_of(reply: WireReply) -> int:
    """Return all that the account has left: given, bought, and of a membership."""
    data = reply.part("data")
    purse = data["credit"] if isinstance(data.get("credit"), dict) else data
    amounts = [purse[name] for name in CREDITS if isinstance(purse.get(name), int)]
    if not amounts:
        raise UnexpectedReply("Jimeng answered without the account's credits; check the account's base URL.")
    return sum(amounts)


def snapshot_or_error(entry: object) -> Snapshot | ProviderError:
    """Return one task's answer; one that cannot be read must not spoil the others of its batch."""
    try:
        return _snapshot(entry)
    except ProviderError as error:
        return error


def _snapshot(entry: object) -> Snapshot:
    if not isinstance(entry, dict):
        raise UnexpectedReply("Jimeng's answer on a task is no object.")
    status = _status(entry)
    output = _output(entry)
    if status in DONE_WITH_A_FILE and output:
        state = State.SUCCEEDED
    else:
        state = state_of(status, log) if isinstance(status, str) else STATES.get(status) or unknown_state(status, log)
    if state is State.SUCCEEDED and output is None:
        raise UnexpectedReply("Jimeng says that the task succeeded but gives no video.")
    return Snapshot(
        state=state,
        vendor_state=str(status),
        outputs=(output,) if output and state is State.SUCCEEDED else (),
        error=_failure(status, entry) if state is State.FAILED else None,
        ask_again_after=poll_delay(object_of(object_of(entry, "queue_info"), "polling_config").get("interval_seconds")),
    )


def _status(entry: Mapping[str, Any]) -> int | str:
    """Return the status of the entry itself, or of the task in a record of the history: a number, perhaps as text, or a word."""
    for value in (entry.get("status"), object_of(entry, "task").get("status")):
        if isinstance(value, str) and value.strip():
            return int(value) if NUMBER.fullmatch(value) else value
        if isinstance(value, int) and not isinstance(value, bool):
            return value
    raise UnexpectedReply("Jimeng's answer on a task has no status.")


def _failure(status: int | str, entry: Mapping[str, Any]) -> ProviderError:
    if status == DELETED:
        return SubmissionGone("The task was deleted at Jimeng.", vendor_code=str(DELETED))
    if status not in {REJECTED_BEFORE, REJECTED_AFTER} or entry.get("fail_code"):
        return task_failure(entry)
    when = "before" if status == REJECTED_BEFORE else "after"
    return ContentRejected(f"Jimeng's safety check refused it {when} rendering.", vendor_code=str(status))


def _output(entry: Mapping[str, Any]) -> Output | None:
    """Return the largest rendition of the first item, or None."""
    items = entry.get("item_list")
    item = items[0] if isinstance(items, list) and items else None
    video = object_of(item, "video") if isinstance(item, dict) else {}
    length_ms = number_of(video.get("duration_ms"))
    for name in RENDITIONS:
        url = object_of(object_of(video, "transcoded_video"), name).get("video_url")
        if isinstance(url, str) and url:
            return Output(url=url, expires_in=RESULT_LIFE, duration_s=None if length_ms is None else length_ms / 1000)
    return None
