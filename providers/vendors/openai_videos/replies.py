"""Reads the answers of an OpenAI Videos service: ids, states, finished files.

OpenAI's video generation guide and SDK; read 2026-11-20.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from providers.core.declared import Declaration
from providers.core.errors import GenerationFailed, ProviderError, UnexpectedReply
from providers.core.ids import first_id
from providers.core.listings import Listed, Stretch, moment, rows_of
from providers.core.replies import object_of, poll_delay, snapshot_by_word, text_of
from providers.core.states import plain
from providers.core.types import Output, Snapshot, WireReply
from providers.vendors.openai_videos.catalog import DOCS_READ, RESULT_LIFE
from providers.vendors.openai_videos.errors import render_failure

__all__ = ["id_of", "models_of", "snapshot_of", "stretch_of"]

log = logging.getLogger("providers.openai_videos")

EXPIRED = "expired"


def id_of(reply: WireReply) -> str:
    body = reply.data()
    return first_id((body.get("id"), body.get("task_id")))


def models_of(reply: WireReply) -> list[Declaration]:
    """Return the models by their names. Raise `UnexpectedReply` where the answer is no list of models."""
    rows = reply.data().get("data")
    if not isinstance(rows, list):
        raise UnexpectedReply("The service answered without its list of models; check the account's base URL.")
    names = (text_of(row, "id") for row in rows if isinstance(row, dict))
    return [Declaration(id=name, label=name, declared_on=DOCS_READ) for name in names if name]


def stretch_of(reply: WireReply) -> Stretch:
    """Return a part of the list with tasks of every model: one may be listed under another of its names."""
    body = reply.data()
    rows, more = rows_of(body.get("data")), body.get("has_more")
    if not isinstance(more, bool):
        raise UnexpectedReply("The service's list does not say whether there is more of it.")
    listed = [Listed(id=text_of(row, "id"), created_at=moment(row.get("created_at"))) for row in rows]
    return Stretch(tasks=listed, after=listed[-1].id if more and listed else "")


def snapshot_of(reply: WireReply, content_url: str) -> Snapshot:
    video = reply.data()
    word = text_of(video, "status")
    snapshot = snapshot_by_word(
        word,
        log,
        output=lambda: _output(video, content_url),
        failure=lambda: _failure(word, video),
        progress=_progress(video.get("progress")),
    )
    return replace(snapshot, ask_again_after=poll_delay(reply.headers.get("openai-poll-after-ms"), unit_s=0.001))


def _progress(value: object) -> int | None:
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return None
    return int(value) if 0 <= value <= 100 else None


def _failure(word: str, video: Mapping[str, Any]) -> ProviderError:
    if plain(word) == EXPIRED and not video.get("error"):
        return GenerationFailed("The vendor dropped it before it was done.", vendor_code=EXPIRED)
    return render_failure(video.get("error"))


def _output(video: Mapping[str, Any], content_url: str) -> Output:
    """Return the file. `seconds` only repeat the request, so they are not its length."""
    direct = object_of(video, "metadata").get("url")
    if isinstance(direct, str) and direct.startswith(("https://", "http://")):
        return Output(url=direct, expires_in=RESULT_LIFE)
    return Output(url=content_url, expires_in=RESULT_LIFE, headers_needed=True)
