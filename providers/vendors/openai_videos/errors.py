"""The meaning of errors of an OpenAI Videos service: OpenAI's shape, `{error: {message, type, param, code}}`, and those of gateways. Pure.

OpenAI's API reference, "error codes"; read 2026-11-20. The codes are not enumerated and gateways add their own, so words in them count.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from providers.core.errors import ProviderError, Refused
from providers.core.gateways import UNKNOWN_TASK, gateway_error
from providers.core.replies import judged_by_body
from providers.core.types import WireReply

__all__ = ["is_gone", "vendor_error"]

WRONG_MODEL = "model_not_found"


@judged_by_body
def vendor_error(reply: WireReply, body: Mapping[str, Any]) -> ProviderError | None:
    """Return the error in this reply, or None. A video that failed carries an `error` too, and the request for it was fine."""
    return gateway_error(reply, body, vendor_error)


def is_gone(error: Refused) -> bool:
    """Return whether there is no such video. A bare 404 may come from a proxy."""
    return error.vendor_code == UNKNOWN_TASK or (error.http_status == 404 and error.vendor_code not in {None, WRONG_MODEL})
