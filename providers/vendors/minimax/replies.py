"""Reads MiniMax's answers, in each generation of its API: states, files, failures.

MiniMax platform documents, video generation v1 and v2; read 2026-11-20.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from providers.core import content_tasks
from providers.core.content_tasks import EXPIRED
from providers.core.errors import GenerationFailed, ProviderError
from providers.core.replies import charge_of, object_of
from providers.core.results import output_of
from providers.core.states import plain
from providers.core.types import Output, Snapshot, WireReply
from providers.vendors.minimax.catalog import RESULT_LIFE
from providers.vendors.minimax.errors import render_failure

__all__ = ["log", "v1_failure", "v1_output", "v2_snapshot"]

log = logging.getLogger("providers.minimax")


def v1_failure(body: Mapping[str, Any]) -> ProviderError:
    base = object_of(body, "base_resp")
    code = str(base.get("status_code") or "")
    words = str(base.get("status_msg") or "")
    return render_failure(code, "" if words == "success" else words)


def v1_output(reply: WireReply) -> Output:
    return output_of(reply.part("file"), life=RESULT_LIFE)


def v2_snapshot(task: Mapping[str, Any]) -> Snapshot:
    """Return what a task's object means. Seconds of given videos are billed too, so the total is the charge."""
    snapshot = content_tasks.snapshot_of(
        task, output=lambda task: output_of(object_of(task, "content"), task, life=RESULT_LIFE), failure=_v2_failure, log=log
    )
    return replace(snapshot, charge=charge_of(object_of(task, "usage").get("total_seconds"), "seconds"))


def _v2_failure(word: str, task: Mapping[str, Any]) -> ProviderError:
    if plain(word) == EXPIRED:
        return GenerationFailed("MiniMax dropped it before it was done.", vendor_code=EXPIRED)
    error = object_of(task, "error")
    return render_failure(str(error.get("code") or ""), str(error.get("message") or ""))
