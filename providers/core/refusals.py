"""Reads what a gateway or a service complains of, in whatever shape: its code, its words, and what they mean. Pure.

Shapes: `{"error": {"message", "type", "code"}}`, new-api's `{"code", "message", "data": null}` (QuantumNous/new-api
dto/task.go@06644e8), a text as `error`, FastAPI's `{"detail": [{"loc", "msg"}]}`, and the fields that other frameworks use. LiteLLM repeats
the HTTP status as code and puts the vendor's whole answer into its message (BerriAI/litellm 1.110.2, tried 2026-11-29).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from providers.core.base import status_as_code
from providers.core.errors import ContentRejected, OutOfCredit, Refused

__all__ = ["Complaint", "complaint_in", "meaning_of", "words_in"]

WORD_FIELDS = (
    *("message", "msg", "Message", "error_message", "error_msg", "errmsg", "errorMessage", "error", "detail", "details"),
    *("fail_reason", "failure_reason", "reason", "description", "title"),
)
FINE = frozenset({"success", "ok"})
CODE_FIELDS = ("code", "error_code", "errcode", "errorCode", "Code")
MOST_WORDS = 500
DEEPEST = 4
OUT_OF_CREDIT = re.compile(
    r"insufficient[_ -](?:\w+[_ -])?(?:quota|balance|credits?|funds?)|exceeded your current quota|billing[_ ]hard[_ ]limit"
    r"|(?:quota|balance|credits?)[_ ](?:is[_ ]|are[_ ])?(?:not[_ ]enough|insufficient|exhausted|used up)|pre_consume_token_quota_failed"
    r"|(?:余额|额度|点数)(?:不足|已?用尽|已?用完)|欠费",
    re.IGNORECASE,
)
MODERATED = re.compile(
    r"(?<!pending )(?<!awaiting )(?<!under )moderation(?! in progress)"
    r"|content[_ -]?(?:policy|filter|safety|violation)|safety[_ ](?:system|polic|filter)|risk[_ ](?:control|not pass)"
    r"|(?<![a-z])(?<!case[- ])sensitive|prohibited[_ ]content|nsfw"
    r"|敏感|违规|违禁|(?<!正在)(?<!等待)(?<!待)审核(?!中)|风控",
    re.IGNORECASE,
)
"""Not words for a task that is still being looked at: the vendor has it."""


@dataclass(frozen=True, kw_only=True)
class Complaint:
    """What an answer complains of: the code and the words, of which either may be empty."""

    code: str = ""
    words: str = ""


def complaint_in(body: Mapping[str, Any], status: int) -> Complaint | None:
    """Return what the answer complains of; None when it does not, though a status from 400 on always does.

    A code that only repeats the HTTP status counts for nothing; the type of the error counts where there is no other code.
    """
    error = body.get("error") or body.get("errors")
    if isinstance(error, list) and error and isinstance(error[0], dict):
        error = error[0]
    if isinstance(error, dict):
        return Complaint(code=_code_in(error, status) or str(error.get("type") or ""), words=words_in(error) or words_in(body))
    words, code = words_in(error) or words_in(body), _code_in(body, status)
    if not code and (error or "detail" in body) and len(body) == 1:  # among other fields it may be a proxy's
        code = status_as_code(status)
    if status >= 400 or error or (code and not code.isdecimal() and code.lower() not in FINE) or body.get("success") is False:
        return Complaint(code=code, words=words)
    return None


def meaning_of(complaint: Complaint) -> type[Refused] | None:
    """Return the class that code or words clearly mean, or None."""
    if "quota" in complaint.code.lower() or OUT_OF_CREDIT.search(f"{complaint.code} {complaint.words}"):
        return OutOfCredit
    return ContentRejected if MODERATED.search(f"{complaint.code} {complaint.words}") else None


def words_in(value: object, deeper: int = DEEPEST) -> str:
    """Return the words for people in an error of any shape: a text, a list of errors, or an object with one of the usual fields."""
    if isinstance(value, str):
        return value.strip()[:MOST_WORDS]
    if not deeper:
        return ""
    if isinstance(value, list):
        return "; ".join(filter(None, (words_in(item, deeper - 1) for item in value[:10])))[:MOST_WORDS]
    if not isinstance(value, dict):
        return ""
    words = next(filter(None, (words_in(value.get(name), deeper - 1) for name in WORD_FIELDS)), "")
    place = value.get("loc")
    if words and isinstance(place, list) and place:  # FastAPI, pydantic
        return f"{'.'.join(str(part) for part in place[:6])}: {words}"[:MOST_WORDS]
    return words


def _code_in(value: Mapping[str, Any], status: int) -> str:
    codes = (value.get(name) for name in CODE_FIELDS)
    found = (str(code) for code in codes if isinstance(code, (str, int)) and not isinstance(code, bool))
    return next((code for code in found if code not in {"", str(status)}), "")
