"""Reads the answers of an OpenAI Videos service: ids, states, finished files.

OpenAI's video generation guide and SDK; read 2026-11-20.
"""

from __future__ import annotations

import logging
from dataclasses import replace

from providers.core.declared import Declaration
from providers.core.errors import UnexpectedReply
from providers.core.gateways import gateway_ids, gateway_snapshot
from providers.core.ids import first_id
from providers.core.listings import Listed, Stretch, moment, rows_of
from providers.core.replies import poll_delay, text_of, words_of
from providers.core.types import Snapshot, WireReply
from providers.vendors.openai_videos.catalog import DOCS_READ, RESULT_LIFE

__all__ = ["id_of", "models_of", "snapshot_of", "stretch_of"]

log = logging.getLogger("providers.openai_videos")


def id_of(reply: WireReply) -> str:
    body = reply.data()
    return first_id((body.get("id"), *gateway_ids(body)))


def models_of(reply: WireReply) -> list[Declaration]:
    """Return the models by their names. Raise `UnexpectedReply` where the answer is no list of models."""
    rows = reply.data().get("data")
    if not isinstance(rows, list):
        raise UnexpectedReply("The service answered without its list of models; check the account's base URL.")
    names = (words_of(row, "id") for row in rows if isinstance(row, dict))
    return [Declaration(id=name, label=name, declared_on=DOCS_READ) for name in names if name]


def stretch_of(reply: WireReply) -> Stretch:
    """Return a part of the list with tasks of every model: one may be listed under another of its names."""
    body = reply.data()
    rows, more = rows_of(body.get("data")), body.get("has_more")
    if not isinstance(more, bool):
        raise UnexpectedReply("The service's list does not say whether there is more of it.")
    listed = [Listed(id=text_of(row, "id"), created_at=moment(row.get("created_at"))) for row in rows]
    return Stretch(tasks=listed, after=listed[-1].id if more and listed else "")


def snapshot_of(reply: WireReply, base_url: str, file_url: str) -> Snapshot:
    """Return what the answer means. `seconds` only repeat the request, so they are not the file's length."""
    snapshot = gateway_snapshot(reply.data(), base_url=base_url, file_url=file_url, life=RESULT_LIFE, log=log)
    return replace(snapshot, ask_again_after=poll_delay(reply.headers.get("openai-poll-after-ms"), unit_s=0.001))
