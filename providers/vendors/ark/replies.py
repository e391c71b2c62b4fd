"""What Ark's answers mean: states, finished files, pages of the list. Reading only; what is asked stands in wire.py.

Volcengine Ark documents, "video generation API": query and list pages; read 2026-11-20.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping, Sequence
from datetime import timedelta
from typing import Any

from providers.core.errors import GenerationFailed, ProviderError, UnexpectedReply
from providers.core.listings import Listed, moment
from providers.core.replies import state_of, text_of, units_of
from providers.core.types import Output, Snapshot, State, WireReply
from providers.vendors.ark.errors import task_failure

__all__ = ["listed", "snapshot_of", "total_of"]

log = logging.getLogger("providers.ark")

RESULT_LIFE = timedelta(hours=24)
EXPIRED = "expired"
STATES: Mapping[str, State] = {
    "queued": State.QUEUED,
    "running": State.RUNNING,
    "succeeded": State.SUCCEEDED,
    "failed": State.FAILED,
    "cancelled": State.CANCELLED,
    EXPIRED: State.FAILED,
}


def total_of(reply: WireReply) -> int:
    total = reply.data().get("total")
    if not isinstance(total, int):
        raise UnexpectedReply("Ark's list does not say how many tasks there are.")
    return total


def listed(rows: Sequence[Mapping[str, Any]]) -> Iterator[Listed]:
    for row in rows:
        yield Listed(id=text_of(row, "id"), created_at=moment(row.get("created_at")))


def snapshot_of(data: Mapping[str, Any]) -> Snapshot:
    word = text_of(data, "status")
    state = state_of(word, STATES, log)
    return Snapshot(
        state=state,
        vendor_state=word,
        outputs=(_output(data),) if state is State.SUCCEEDED else (),
        error=_failure(word, data) if state is State.FAILED else None,
        units=units_of(data.get("usage")),
    )


def _failure(word: str, data: Mapping[str, Any]) -> ProviderError:
    if word == EXPIRED:
        return GenerationFailed("It waited and rendered longer than the time set for it, and Ark dropped it.", vendor_code=EXPIRED)
    return task_failure(data.get("error"))


def _output(data: Mapping[str, Any]) -> Output:
    content, length = data.get("content"), data.get("duration")
    url = text_of(content if isinstance(content, dict) else {}, "video_url")
    return Output(url=url, expires_in=RESULT_LIFE, duration_s=float(length) if isinstance(length, (int, float)) else None)
