"""The meaning of the error numbers of Jimeng's web site: `ret` of an answer, `fail_code` of a task. Pure.

Undocumented by the vendor; as known on 2026-11-20. 4001 is read as used-up credit, though some take it for moderation. With 1018 the site
punishes the account, with 1021 it takes it for a robot: nothing that is sent with it goes through. 1019 ("shark not pass"), 3018
("permission denied") and 4013 are its checks against robots too, and no moderation (https://github.com/iptag/jimeng-api/issues/143, 110;
2026-11-29). 2061 says that a model is offline (public clients; 2026-11-29).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from providers.core.base import coded_error, http_error
from providers.core.errors import (
    AuthenticationFailed,
    ContentRejected,
    InvalidParams,
    OutOfCredit,
    PlanUsedUp,
    ProviderDown,
    ProviderError,
    RateLimited,
    Refused,
)
from providers.core.messages import say
from providers.core.replies import judged_by_body, kinds_by_code, render_error_of, words_of
from providers.core.types import WireReply

__all__ = ["task_failure", "vendor_error"]

CODES = kinds_by_code(
    {
        AuthenticationFailed: ("1014", "1015", "1018", "1019", "1021", "3018", "4003", "4010", "4013"),
        OutOfCredit: ("1006", "4001", "5000"),
        PlanUsedUp: ("121101",),
        RateLimited: ("1", "1010", "1057", "1310", "2014", "2020", "10020"),
        ContentRejected: (
            *("1063", "1159", "2003", "2004", "2005", "2035"),
            *("2038", "2039", "2041", "2042", "2048", "2050"),
        ),
        InvalidParams: ("1000", "1001", "1161", "1162", "2061"),
        Refused: ("2043",),
        ProviderDown: ("1002", "2002"),
    }
)
OF_A_TASK = frozenset({ContentRejected, InvalidParams, OutOfCredit})
"""Reasons that keep their class when they end a task; the other codes mean trouble of the vendor."""
ADVICE = dict.fromkeys(("1018", "1019", "1021", "3018", "4013"), say("fresh_cookie")) | {"2061": say("model_offline")}
"""What helps, by code."""


@judged_by_body
def vendor_error(reply: WireReply, body: Mapping[str, Any]) -> ProviderError | None:
    """Return the error in this reply, or None, by `ret`, nearly always with HTTP 200."""
    ret, words = str(body.get("ret", "0")), words_of(body, "errmsg")
    if ret == "0":
        return http_error(reply, message=words)
    return coded_error(
        reply,
        CODES.get(ret),
        words or f"Jimeng answered with error {ret}.",
        vendor_code=ret,
        request_id=words_of(body, "logid") or None,
        advice=ADVICE.get(ret),
    )


def task_failure(entry: Mapping[str, Any]) -> ProviderError:
    """Return why a task failed; the render is over, and may have been charged."""
    code = str(entry.get("fail_code") or "")
    words = words_of(entry, "fail_msg", "fail_starling_message") or "Jimeng failed to render the video and gave no reason."
    return render_error_of(CODES.get(code), words, code, lasting=OF_A_TASK, advice=ADVICE.get(code))
