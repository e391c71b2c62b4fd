"""Reads vendors' status words: in any letter case, and by the synonyms that vendors and gateways use for the same thing."""

from __future__ import annotations

import logging
import re
from collections.abc import Mapping

from providers.core.types import State

__all__ = ["plain", "state_of", "unknown_state"]

WORDS: Mapping[State, str] = {
    State.QUEUED: (
        "queue queued queueing queuing inqueue enqueued pending submitted submitting created accepted waiting wait preparing prepared"
        " notstart notstarted suspended scheduled received new init initialized initializing starting 排队中 等待中"
    ),
    State.RUNNING: (
        "running inprogress processing generating rendering working started active executing progressing uploading 生成中 处理中"
    ),
    State.SUCCEEDED: (
        "succeeded succeed success successful successed completed complete completion done finished finish ready generated rendered"
        " 成功 完成 已完成 生成成功"
    ),
    State.FAILED: (
        "failed fail failure error errored expired timeout timedout rejected refused blocked moderated dead aborted terminated"
        " contentfiltered crashed 失败 生成失败"
    ),
    State.CANCELLED: "cancelled canceled cancel 已取消",
}
"""The vendors' own words, those of new-api (NOT_START, SUBMITTED, QUEUED, IN_PROGRESS, SUCCESS, FAILURE; QuantumNous/new-api
model/task.go@01d7dcf), and their common synonyms, as `plain` writes them.
"""
STATES: Mapping[str, State] = {word: state for state, words in WORDS.items() for word in words.split()}
SEPARATORS = re.compile(r"[\s_\-.]+")
KIND = re.compile(r"^(?:task|job|video|generation|state|status)+")
"""What some write before the word itself: TASK_STATUS_SUCCEED (Novita AI), JOB_STATE_SUCCEEDED (Google's Vertex AI)."""
MOST_LOGGED = 1_000
_logged: set[tuple[str, str]] = set()


def plain(word: str) -> str:
    """Return the word in small letters, without what separates its parts."""
    return SEPARATORS.sub("", word).lower()


def state_of(word: str, log: logging.Logger) -> State:
    """Return the state that a vendor's word means; an unknown word counts as running."""
    known = plain(word)
    state = STATES.get(known) or STATES.get(KIND.sub("", known))
    return unknown_state(word, log) if state is None else state


def unknown_state(word: str | int, log: logging.Logger) -> State:
    """Count the word as running: a new one must not end a paid render. Log it once, as long tasks are asked about a thousand times."""
    shown = repr(word[:80] if isinstance(word, str) else word)
    if (log.name, shown) not in _logged:
        if len(_logged) >= MOST_LOGGED:
            _logged.clear()
        _logged.add((log.name, shown))
        log.warning("undocumented task status %s; the task counts as running", shown)
    return State.RUNNING
