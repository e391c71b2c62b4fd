"""Reads Zhipu's answers: task ids, states, finished files.

Zhipu open platform documents, "asynchronous result"; read 2026-11-20.
"""

from __future__ import annotations

import logging
from datetime import timedelta

from providers.core.ids import id_of
from providers.core.replies import snapshot_by_word, text_of
from providers.core.results import output_of
from providers.core.types import Snapshot, WireReply
from providers.vendors.zhipu.errors import task_failure

__all__ = ["snapshot_of", "task_id_of"]

log = logging.getLogger("providers.zhipu")

RESULT_LIFE = timedelta(days=1)


def task_id_of(reply: WireReply) -> str:
    return id_of(reply.data().get("id"), or_number=True)


def snapshot_of(reply: WireReply) -> Snapshot:
    body = reply.data()
    return snapshot_by_word(
        text_of(body, "task_status"), log, output=lambda: output_of(body, life=RESULT_LIFE), failure=lambda: task_failure(body)
    )
