"""Reads OpenRouter's answers: job ids, states, costs, what is left of a key's limit.

https://openrouter.ai/docs/guides/overview/multimodal/video-generation; read 2026-11-29.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from providers.core.declared import Declaration
from providers.core.errors import UnexpectedReply, Unsupported
from providers.core.ids import id_of
from providers.core.replies import charge_of, number_of, object_of, snapshot_by_word, text_of, units_of, words_of
from providers.core.types import Balance, Output, Snapshot, WireReply
from providers.vendors.openrouter.catalog import DOCS_READ, MOST_PROMPT, RESULT_LIFE
from providers.vendors.openrouter.errors import render_failure

__all__ = ["balance_of", "job_id_of", "models_of", "snapshot_of"]

log = logging.getLogger("providers.openrouter")


def job_id_of(reply: WireReply) -> str:
    return id_of(reply.data().get("id"))


def models_of(reply: WireReply) -> list[Declaration]:
    """Return the models of the list. It says nothing about prompts and references; prices have many units, so they are ignored."""
    rows = reply.data().get("data")
    if not isinstance(rows, list):
        raise UnexpectedReply("OpenRouter answered without its list of models.")
    return [_model_of(row) for row in rows if isinstance(row, dict) and words_of(row, "id")]


def _model_of(row: Mapping[str, Any]) -> Declaration:
    frames = _list(row, "supported_frame_images")
    return Declaration(
        id=text_of(row, "id"),
        label=words_of(row, "name") or text_of(row, "id"),
        declared_on=DOCS_READ,
        durations=tuple(length for length in _list(row, "supported_durations") if type(length) is int),
        resolutions=tuple(map(str, _list(row, "supported_resolutions"))),
        aspect_ratios=tuple(map(str, _list(row, "supported_aspect_ratios"))),
        sound=bool(row.get("generate_audio")),
        seed=bool(row.get("seed")),
        first_frame="first_frame" in frames,
        last_frame="first_frame" in frames and "last_frame" in frames,
        max_prompt_chars=MOST_PROMPT,
    )


def _list(row: Mapping[str, Any], name: str) -> list[Any]:
    value = row.get(name)
    return value if isinstance(value, list) else []


def snapshot_of(reply: WireReply, content_url: str) -> Snapshot:
    """Return what the job's object means; `usage.cost` is what it cost, in US dollars.

    The file is fetched at the account's own address, with its key: `unsigned_urls` name the same file, but if an answer named
    another host, that host would get the key, or the portal no file.
    """
    job = reply.data()
    return snapshot_by_word(
        text_of(job, "status"),
        log,
        output=lambda: Output(url=content_url, expires_in=RESULT_LIFE, headers_needed=True),
        failure=lambda: render_failure(job),
        units=units_of(job.get("usage")),
        charge=charge_of(object_of(job, "usage").get("cost"), "USD"),
    )


def balance_of(reply: WireReply) -> Balance:
    """Return what is left of the key's own limit, in US dollars; raise `Unsupported` for a key without one."""
    left = number_of(reply.part("data").get("limit_remaining"))
    if left is None:
        raise Unsupported("OpenRouter sets no limit for this key, and does not show it the account's balance.")
    return Balance(amount=Decimal(str(left)), unit="USD")
