"""Reads the answers of gateways and of services that speak a vendor's protocol in their own way: ids, tasks and errors. Pure.

States are read in states.py, addresses of videos in results.py, errors in refusals.py; this module finds what an answer is about. The
commonest gateway is QuantumNous/new-api, read 2026-11-29: relay/relay_task.go@00fca48 (a poll answers `{"code": "success",
"data": {"task_id", "status", "fail_reason", "result_url"}}`), dto/task.go@06644e8 (errors `{"code", "message", "data"}`),
relay/channel/task/ (a submit and /v1/videos answer `{"id", "task_id", "object": "video", "status"}`). APIMart puts the task into `data`,
Novita into `task`, beside its videos.
"""

from __future__ import annotations

import json
import logging
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from datetime import timedelta
from itertools import chain
from typing import Any
from urllib.parse import quote

from providers.core.base import http_error
from providers.core.errors import ContentRejected, GenerationFailed, InvalidParams, OutOfCredit, ProviderError, Refused, UnexpectedReply
from providers.core.ids import first_id
from providers.core.refusals import Complaint, complaint_in, meaning_of, words_in
from providers.core.replies import render_error_of, snapshot_by_word, words_of
from providers.core.results import addresses_in, output_of
from providers.core.states import plain
from providers.core.types import Snapshot, WireReply

__all__ = [
    "QUOTED",
    "UNKNOWN_TASK",
    "content_url",
    "gateway_error",
    "gateway_id",
    "gateway_ids",
    "gateway_snapshot",
    "gateway_task",
    "names_task",
]

UNKNOWN_TASK = "task_not_exist"
QUOTA_CODES = frozenset({"insufficient_user_quota", "pre_consume_token_quota_failed", "quota_not_enough"})
"""new-api's code: it reserves the price before it passes anything on."""
QUOTED = "fail_to_fetch_task"
"""The vendor behind the gateway refused; its answer is the message."""
FRONT = "new_api_error"
"""The type of errors that the gateway answers before it passes anything on (middleware/utils.go@3e92b6b)."""
NO_CHANNEL = "model_not_found"
"""No vendor behind the gateway has the model (middleware/distributor.go@003d7c0), which it says with HTTP 503."""
TASK_ERROR = frozenset({"code", "message", "data"})
REFUSING_STATUSES: Mapping[type[Refused], frozenset[int]] = {
    OutOfCredit: frozenset({400, 401, 402, 403, 429}),
    ContentRejected: frozenset({400, 403, 422, 451}),
}
"""The HTTP statuses with which an error's words about the balance, or about moderation, are believed."""
WORD_FIELDS = ("status", "task_status", "taskStatus", "state")
ID_FIELDS = ("task_id", "id", "taskId", "video_id")
HOLDERS = ("data", "task", "output", "result")
"""Fields in which an answer may hold its task, if the answer is not the task itself."""
OF_THE_ANSWER = frozenset({"success", "succeed", "ok", "error", "fail"})
"""Words by which services report on the request (JSend): they are about the task only in an object that names one, or has its address."""
REASON_FIELDS = (
    *("fail_reason", "failReason", "task_status_msg", "error", "error_message", "error_msg", "failure_reason", "failMsg", "reason"),
    *("message", "msg", "detail"),
)
PROGRESS_FIELDS = ("progress", "progress_percent", "percent")
PERCENT = re.compile(r"(\d{1,3})(?:\.\d*)?%?")
EXPIRED = "expired"


def gateway_error(reply: WireReply, body: Mapping[str, Any], judge: Callable[[WireReply], ProviderError | None]) -> ProviderError | None:
    """Return the error in this answer, also when the gateway quotes the vendor's own, as `judge` reads it; None when there is none.

    With a status below 400, only new-api's own answer for a used-up quota is a refusal; an answer that names a task never is.
    """
    if reply.status >= 400 and body.get("code") == QUOTED:
        return _quoted_error(reply, words_of(body), judge)
    if reply.status < 400 and names_task(body):
        return None
    complaint = complaint_in(body, reply.status)
    if complaint is None:
        return None
    code = complaint.code or None
    words = complaint.words or (f"The vendor answered with error {complaint.code}." if complaint.code else "")
    if complaint.code.lower() == UNKNOWN_TASK:
        return Refused(words, vendor_code=UNKNOWN_TASK, http_status=reply.status)
    if complaint.code == NO_CHANNEL and isinstance(error := body.get("error"), dict) and error.get("type") == FRONT:
        return InvalidParams(words, vendor_code=code, http_status=reply.status)
    kind = _kind_of(reply, body, complaint)
    if kind is not None:
        return kind(words, vendor_code=code, http_status=reply.status)
    plain_error = http_error(reply, message=words, vendor_code=code)
    return plain_error or UnexpectedReply(words or "The vendor answered with an error.", vendor_code=code, http_status=reply.status)


def _kind_of(reply: WireReply, body: Mapping[str, Any], complaint: Complaint) -> type[Refused] | None:
    if complaint.code.lower() in QUOTA_CODES:
        is_its_own = reply.status >= 400 or (body.keys() == TASK_ERROR and body["data"] is None)
        return OutOfCredit if is_its_own else None
    kind = meaning_of(complaint)
    return kind if kind is not None and reply.status in REFUSING_STATUSES[kind] else None


def _quoted_error(reply: WireReply, words: str, judge: Callable[[WireReply], ProviderError | None]) -> ProviderError | None:
    """Return the error that is quoted; it may quote another, as a gateway may call a gateway. A quoted page has no vendor's code."""
    inner = replace(reply, body=words.encode())
    try:
        inner.data()
    except UnexpectedReply:
        return http_error(reply, message=words[:500])
    return judge(inner)


def gateway_id(body: Mapping[str, Any]) -> str:
    """Return the task's id from the answer to a submit, whatever its outer code; `UnexpectedReply` when there is none."""
    return first_id(gateway_ids(body), or_number=True)


def gateway_ids(body: Mapping[str, Any]) -> tuple[object, ...]:
    """Return what may be the task's id in the answer to a submit, the likeliest first."""
    return (*_ids_in(body), *chain.from_iterable(map(_ids_in, _parts(body))), body.get("data"))


def names_task(body: Mapping[str, Any]) -> bool:
    """Return whether the answer is about a task, by its id or its state: then an unknown outer code is not an error."""
    return any(_id_in(part) for part in _parts(body)) or gateway_task(body) is not None


def content_url(base_url: str, task_id: str) -> str:
    """Return where a gateway has the file of any of its tasks, for the key of the account (new-api router/video-router.go@01f6839)."""
    return f"{base_url.rstrip('/')}/v1/videos/{quote(task_id, safe='')}/content"


def _ids_in(part: Mapping[str, Any]) -> tuple[object, ...]:
    return tuple(part.get(name) for name in ID_FIELDS)


def _id_in(part: Mapping[str, Any]) -> bool:
    """Return whether an object names a task, or seems to."""
    return any(_ids_in(part))


def gateway_task(body: Mapping[str, Any]) -> Mapping[str, Any] | None:
    """Return the part of a poll's answer that says what became of the task; None when no part does."""
    return next((part for part in _parts(body) if _tells(part)), None)


def _parts(body: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    if not str(body.get("object")).startswith("video"):  # a video object may carry the vendor's answer behind it
        for name in HOLDERS:
            part = _only(body.get(name))
            if isinstance(part, dict):
                yield part
    yield body


def _only(value: object) -> object:
    return value[0] if isinstance(value, list) and len(value) == 1 else value


def _tells(part: Mapping[str, Any]) -> bool:
    word = plain(words_of(part, *WORD_FIELDS))
    return bool(word) and (word not in OF_THE_ANSWER or _id_in(part) or any(addresses_in(part)))


def gateway_snapshot(body: Mapping[str, Any], *, base_url: str, file_url: str, life: timedelta, log: logging.Logger) -> Snapshot:
    """Return what a poll's answer means. Raise `UnexpectedReply` when it does not say what became of the task.

    `file_url` is where the account's own service has the file, whatever address the answer has.
    """
    task = gateway_task(body)
    if task is None:
        raise UnexpectedReply("The vendor's answer does not say what became of the task.")
    word = words_of(task, *WORD_FIELDS).strip()
    return snapshot_by_word(
        word,
        log,
        output=lambda: output_of(task, body, base_url=base_url, file_url=file_url, life=life),
        failure=lambda: _failure(word, task, body),
        progress=_progress(task),
    )


def _failure(word: str, task: Mapping[str, Any], body: Mapping[str, Any]) -> ProviderError:
    """Return why a render failed, in the words of the vendor wherever they are."""
    error = task.get("error")
    described = error if isinstance(error, dict) else task
    complaint = Complaint(code=_failure_code(described), words=_reason(task) or (_reason(body) if body is not task else ""))
    if not complaint.words and not complaint.code and plain(word) == EXPIRED:
        return GenerationFailed("The vendor dropped it before it was done.", vendor_code=EXPIRED)
    words = complaint.words or "The vendor failed to render the video and gave no reason."
    return render_error_of(meaning_of(complaint), words, complaint.code)


def _reason(part: Mapping[str, Any]) -> str:
    found = (_unquoted(words_in(part.get(name))) for name in REASON_FIELDS)
    return next((words for words in found if words and plain(words) not in OF_THE_ANSWER), "")


def _unquoted(words: str) -> str:
    """Return the words in an answer that is quoted as a text, else the text."""
    if not words.startswith("{"):
        return words
    try:
        return words_in(json.loads(words)) or words
    except (ValueError, RecursionError):
        return words


def _failure_code(described: Mapping[str, Any]) -> str:
    codes = (described.get(name) for name in ("code", "error_code", "fail_code", "failCode"))
    code = next((code for code in codes if isinstance(code, (str, int)) and code), "")
    return str(code or (described.get("type") if described.get("message") else "") or "")


def _progress(task: Mapping[str, Any]) -> int | None:
    """Return the percentage, from a number or its digits."""
    values = (task.get(name) for name in PROGRESS_FIELDS)
    value = next((value for value in values if isinstance(value, (int, float, str)) and not isinstance(value, bool)), "")
    percent = PERCENT.fullmatch(str(value).strip())
    return int(percent[1]) if percent and int(percent[1]) <= 100 else None
