"""What Zhipu's answers mean: task ids, states, finished files. Reading only; what is asked stands in wire.py.

Zhipu open platform documents, "asynchronous result"; read 2026-11-20.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from providers.core.errors import UnexpectedReply
from providers.core.types import Output, Snapshot, State, WireReply
from providers.vendors.zhipu.errors import task_failure

__all__ = ["snapshot_of", "task_id_of", "text_of"]

log = logging.getLogger("providers.zhipu")

RESULT_LIFE = timedelta(days=1)
STATES: Mapping[str, State] = {"PROCESSING": State.RUNNING, "SUCCESS": State.SUCCEEDED, "FAIL": State.FAILED}


def task_id_of(reply: WireReply) -> str:
    value = reply.data().get("id")
    if isinstance(value, int) and value:
        return str(value)
    return text_of(reply.data(), "id")


def text_of(body: Mapping[str, Any], name: str) -> str:
    value = body.get(name)
    if not isinstance(value, str) or not value:
        raise UnexpectedReply(f"Zhipu's answer has no text “{name}”.")
    return value


def snapshot_of(reply: WireReply) -> Snapshot:
    body = reply.data()
    word = text_of(body, "task_status")
    state = STATES.get(word)
    if state is None:
        log.warning("undocumented task status %r; the task counts as running", word[:80])
        state = State.RUNNING
    return Snapshot(
        state=state,
        vendor_state=word,
        outputs=(_output(body),) if state is State.SUCCEEDED else (),
        error=task_failure(body) if state is State.FAILED else None,
    )


def _output(body: Mapping[str, Any]) -> Output:
    videos = body.get("video_result")
    video = videos[0] if isinstance(videos, list) and videos else None
    if not isinstance(video, dict):
        raise UnexpectedReply("Zhipu says that the task succeeded but gives no video.")
    return Output(url=text_of(video, "url"), expires_in=RESULT_LIFE)
