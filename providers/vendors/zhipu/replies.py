"""Reads Zhipu's answers: task ids, states, finished files.

Zhipu open platform documents, "asynchronous result"; read 2026-11-20.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from providers.core.errors import UnexpectedReply
from providers.core.ids import id_of
from providers.core.replies import snapshot_by_word, text_of
from providers.core.types import Output, Snapshot, WireReply
from providers.vendors.zhipu.errors import task_failure

__all__ = ["snapshot_of", "task_id_of"]

log = logging.getLogger("providers.zhipu")

RESULT_LIFE = timedelta(days=1)


def task_id_of(reply: WireReply) -> str:
    return id_of(reply.data().get("id"), or_number=True)


def snapshot_of(reply: WireReply) -> Snapshot:
    body = reply.data()
    return snapshot_by_word(text_of(body, "task_status"), log, output=lambda: _output(body), failure=lambda: task_failure(body))


def _output(body: Mapping[str, Any]) -> Output:
    videos = body.get("video_result")
    video = videos[0] if isinstance(videos, list) and videos else None
    if not isinstance(video, dict):
        raise UnexpectedReply("Zhipu says that the task succeeded but gives no video.")
    return Output(url=text_of(video, "url"), expires_in=RESULT_LIFE)
