"""Reads OpenRouter's answers: job ids, states, costs, what is left of a key's limit.

https://openrouter.ai/docs/guides/overview/multimodal/video-generation; read 2026-11-29.
"""

from __future__ import annotations

import logging
from decimal import Decimal

from providers.core.errors import Unsupported
from providers.core.ids import id_of
from providers.core.replies import seconds_of, snapshot_by_word, text_of, units_of
from providers.core.types import Balance, Output, Snapshot, WireReply
from providers.vendors.openrouter.catalog import RESULT_LIFE
from providers.vendors.openrouter.errors import render_failure

__all__ = ["balance_of", "job_id_of", "snapshot_of"]

log = logging.getLogger("providers.openrouter")


def job_id_of(reply: WireReply) -> str:
    return id_of(reply.data().get("id"))


def snapshot_of(reply: WireReply, content_url: str) -> Snapshot:
    """Return what the job's object means; `usage.cost` is what it cost, in US dollars.

    The file is fetched at the account's own address, with its key: `unsigned_urls` name the same file, but an answer that named another
    host would be given the key, or no file.
    """
    job = reply.data()
    return snapshot_by_word(
        text_of(job, "status"),
        log,
        output=lambda: Output(url=content_url, expires_in=RESULT_LIFE, headers_needed=True),
        failure=lambda: render_failure(job),
        units=units_of(job.get("usage")),
    )


def balance_of(reply: WireReply) -> Balance:
    """Return what is left of the key's own limit, in US dollars; raise `Unsupported` for a key without one."""
    left = seconds_of(reply.part("data").get("limit_remaining"))
    if left is None:
        raise Unsupported("OpenRouter sets this key no limit, and does not tell a key what the account has left.")
    return Balance(amount=Decimal(str(left)), unit="USD")
