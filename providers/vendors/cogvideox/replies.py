"""Reads the answers of a local CogVideoX service: ids, states, finished files.

The shapes are those of the service's published examples; read 2026-11-20.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from typing import Any
from urllib.parse import urljoin, urlsplit

from providers.core.errors import UnexpectedReply
from providers.core.ids import id_of
from providers.core.replies import snapshot_by_word, text_of
from providers.core.results import addresses_in, is_loopback
from providers.core.states import state_of
from providers.core.types import Output, Snapshot, State, Submission, WireReply
from providers.vendors.cogvideox.catalog import RESULT_LIFE
from providers.vendors.cogvideox.errors import is_out_of_memory, render_error, words_in

__all__ = ["FINISHED", "output_of", "snapshot_of", "submission_of"]

log = logging.getLogger("providers.cogvideox")

FINISHED = "finished"
"""Kind of a submission that was rendered while we waited; its id is the video's address."""


def submission_of(reply: WireReply, model: str) -> Submission:
    """Return the task, or the finished video of a service that renders while we wait."""
    body = reply.data()
    task_id = body.get("task_id")
    if task_id:
        return Submission(id=id_of(task_id, or_number=True), model=model)
    for name in ("video_url", "url"):
        url = body.get(name)
        if isinstance(url, str) and url:
            return Submission(id=url, model=model, kind=FINISHED)
    words, status = words_in(body), body.get("status")
    has_failed = isinstance(status, str) and state_of(status, log) is State.FAILED
    if has_failed or (words and body.get("success") is False) or is_out_of_memory(words):
        raise render_error(words)
    raise UnexpectedReply(f"The service's answer has neither a task id nor a video. ({words})", http_status=reply.status)


def snapshot_of(body: Mapping[str, Any], base_url: str) -> Snapshot:
    return snapshot_by_word(
        text_of(body, "status"),
        log,
        output=lambda: output_of(next(addresses_in(body), "") or text_of(body, "video_url"), base_url),
        failure=lambda: render_error(words_in(body)),
    )


def output_of(url: str, base_url: str) -> Output:
    """Return the file. A service that does not know its own name says localhost or gives the path alone: it means the account's address."""
    base = urlsplit(base_url)
    try:
        found = urlsplit(urljoin(f"{base_url}/", url))
    except ValueError as error:
        raise UnexpectedReply("The service gives a video address that is not one.") from error
    if is_loopback(found.hostname) and not is_loopback(base.hostname):
        found = found._replace(scheme=base.scheme, netloc=base.netloc)
    return Output(url=found.geturl(), expires_in=RESULT_LIFE)
