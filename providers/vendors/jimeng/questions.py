"""How many tasks are asked about: by task id, by their records in the history, and the history for what the older question does not tell.

Undocumented by the vendor; as known on 2026-11-20. `mget_generate_task` is the older question; newer pages ask the history alone.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from providers.core.catalog import ModelSpec
from providers.core.errors import ProviderError, is_of_the_call
from providers.core.ids import id_of
from providers.core.types import Exchange, Snapshot, Submission
from providers.vendors.jimeng.catalog import WIRE_KEYS
from providers.vendors.jimeng.page import post
from providers.vendors.jimeng.release import Release
from providers.vendors.jimeng.replies import entry_of, snapshot_or_error

__all__ = ["HISTORY_PATH", "ask_for", "kind_of", "submission_of"]

Answers = dict[str, Snapshot | ProviderError]
TASK, HISTORY = "task", "history"
"""Kinds of submissions: the older request is known by its task id, a draft by its record in the history. After the word of the first kind
its record's id may follow.
"""
LONGEST_RECORD = 35
"""Characters that a kind has room for, beside its word."""
HISTORY_PATH = "mweb/v1/get_history_by_ids"


def submission_of(spec: ModelSpec, *, task_id: object, history_id: object) -> Submission:
    if WIRE_KEYS[spec.id].draft:
        return Submission(id=id_of(history_id, "history id", or_number=True), model=spec.id, kind=HISTORY)
    record = str(history_id) if isinstance(history_id, (str, int)) and history_id else ""
    kind = f"{TASK} {record}" if 0 < len(record) <= LONGEST_RECORD else TASK
    return Submission(id=id_of(task_id, or_number=True), model=spec.id, kind=kind)


def kind_of(submission: Submission) -> str:
    return submission.kind.partition(" ")[0]


def ask_for(submissions: Sequence[Submission], release: Release) -> Exchange[Answers]:
    """Those of one kind; an adopted one, whose kind nobody knows, may be known by either name. Raises what kept every answer away; a
    submission that only one of the questions was answered about is not gone.
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
        found |= yield from _by_record({record: one.id for one in missing if (record := _record_of(one))}, release)
    except ProviderError as error:
        trouble = error
    if trouble is None:
        return found
    if not found:
        raise trouble
    return {submission.id: trouble for submission in missing} | found


def _by_task(ids: Sequence[str], release: Release) -> Exchange[Answers]:
    reply = yield post("mweb/v1/mget_generate_task", {"task_id_list": ids}, release)
    tasks = entry_of(reply.part("data"), "task_map")
    return {name: snapshot_or_error(tasks[name]) for name in ids if name in tasks}


def _by_record(ids: Mapping[str, str], release: Release) -> Exchange[Answers]:
    """`ids` of submissions, by those of their records."""
    if not ids:
        return {}
    reply = yield post(HISTORY_PATH, {"history_ids": list(ids)}, release)
    records = reply.part("data")
    return {name: snapshot_or_error(records[record]) for record, name in ids.items() if record in records}


def _record_of(submission: Submission) -> str:
    """Its name in the history; nothing for what was accepted without one."""
    kind, _, record = submission.kind.partition(" ")
    return record if kind == TASK else submission.id
