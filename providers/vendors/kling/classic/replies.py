"""Reads Kling's answers: task ids, states, finished files, failures.

Kling developer documents, "text to video" and "image to video", query replies; read 2026-11-20.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Mapping
from datetime import timedelta
from decimal import Decimal
from math import isfinite
from typing import Any

from providers.core.errors import ContentRejected, GenerationFailed, ProviderError, UnexpectedReply, Unsupported
from providers.core.gateways import gateway_id
from providers.core.replies import charge_of, number_of, object_of, snapshot_by_word, text_of
from providers.core.types import Balance, Output, Snapshot, WireReply

__all__ = ["RESULT_LIFE", "balance_of", "failure_of", "log", "reference_of", "snapshot_of", "task_id_of"]

log = logging.getLogger("providers.kling")

RESULT_LIFE = timedelta(days=30)
IN_USE = "online"
"""A package may also be `toBeOnline`, `expired` or `runOut`."""
RISK_WORDS = re.compile(r"risk control|sensitive|content risk|safety|violat|风控|敏感|违规|审核", re.IGNORECASE)


def task_id_of(reply: WireReply) -> str:
    """Return the vendor's id; gateways also put it at the top of their own reply."""
    return gateway_id(reply.data())


def balance_of(data: Mapping[str, Any]) -> Balance:
    """Return what is left of all packages that can be used now. Kling counts a render up to twelve hours later."""
    packs = data.get("resource_pack_subscribe_infos")
    if not isinstance(packs, list) or not all(isinstance(pack, dict) for pack in packs):
        raise UnexpectedReply("Kling answered without the account's packages.")
    if not packs:
        raise Unsupported("Kling lists no package: what is rendered is paid as it goes.")
    left = [pack.get("remaining_quantity") for pack in packs if pack.get("status") == IN_USE]
    if not all(isinstance(amount, (int, float)) and isfinite(amount) for amount in left):
        raise UnexpectedReply("Kling tells of a package but not what is left of it.")
    return Balance(amount=sum((Decimal(str(amount)) for amount in left), Decimal(0)), unit="units")


def reference_of(data: Mapping[str, Any]) -> str:
    return str(object_of(data, "task_info").get("external_task_id") or "")


def snapshot_of(data: Mapping[str, Any]) -> Snapshot:
    return snapshot_by_word(
        text_of(data, "task_status"),
        log,
        output=lambda: _output(data),
        failure=lambda: failure_of(data.get("task_status_msg")),
        units=str(data.get("final_unit_deduction") or ""),
        charge=charge_of(data.get("final_unit_deduction"), "units"),
    )


def _output(data: Mapping[str, Any]) -> Output:
    try:
        video = data["task_result"]["videos"][0]
        marked = video.get("watermark_url") if object_of(data, "watermark_info").get("enabled") is True else ""
        url = marked or video["url"]
    except (LookupError, TypeError, AttributeError) as error:
        raise UnexpectedReply("Kling says that the task succeeded but gives no video.") from error
    if not isinstance(url, str) or not url:
        raise UnexpectedReply("Kling says that the task succeeded but gives no video address.")
    return Output(url=url, expires_in=RESULT_LIFE, duration_s=number_of(video.get("duration")))


def failure_of(message: object) -> ProviderError:
    """Return why a task failed, from the vendor's one sentence: there is no code."""
    words = str(message or "") or "Kling failed to render the video and gave no reason."
    return ContentRejected(words) if RISK_WORDS.search(words) else GenerationFailed(words)
