"""How a local CogVideoX-2b service is spoken: submit, then ask for the status; or submit and get the video at once. Pure; no I/O.

There is no vendor's page: the contract is that of the service's published examples (`/api/v1/generate`, `/api/v1/status/{id}`),
read 2026-11-20. No key, no list, no cancel.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from typing import Any, ClassVar
from urllib.parse import quote, urljoin, urlsplit

from providers.core.base import Limits, Provider, Sandbox, Surface
from providers.core.errors import ProviderError, Refused, SubmissionGone, UnexpectedReply
from providers.core.ids import id_of
from providers.core.replies import text_of
from providers.core.states import state_of
from providers.core.types import (
    Exchange,
    GenerationRequest,
    Output,
    Snapshot,
    State,
    Submission,
    WireReply,
    WireRequest,
)
from providers.vendors.cogvideox.catalog import MODELS, NOT_OFFERED, RESULT_LIFE
from providers.vendors.cogvideox.errors import is_out_of_memory, render_error, service_error, words_in

__all__ = ["CogVideoX"]

log = logging.getLogger("providers.cogvideox")

FINISHED = "finished"
"""Kind of a submission that was rendered while we waited; its id is the video's address."""
NO_TASK = "none"
LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1", "0.0.0.0"})  # noqa: S104 - recognised, never bound
NAMES: Mapping[str, str] = {"frames": "num_frames", "width_px": "width", "height_px": "height", "steps": "num_inference_steps"}
SURFACE = Surface(
    slug="local",
    label="CogVideoX service",
    base_url="http://localhost:6006",
    credentials=(),
    help=(
        "One card renders two videos at a time. Its network must be among those that downloads may come from. "
        "A service that answers only when the video is rendered needs an answer timeout of minutes."
    ),
    limits=Limits(max_in_flight=2, polls_per_second=1),
    sandbox=Sandbox(path="/hosts/cogvideox", credentials={}),
)


class CogVideoX(Provider):
    """One service on a machine of our own."""

    slug = "cogvideox"
    label = "CogVideoX"
    docs_url = "https://github.com/zai-org/CogVideo"
    surfaces: ClassVar[Mapping[str, Surface]] = {SURFACE.slug: SURFACE}
    models = MODELS
    not_offered = NOT_OFFERED

    def submit(self, request: GenerationRequest) -> Exchange[Submission]:
        reply = yield WireRequest(method="POST", path="api/v1/generate", json=_body(request), billable=True)
        return _submission(reply, request.spec.id)

    def poll(self, submission: Submission) -> Exchange[Snapshot]:
        if submission.kind == FINISHED:
            return Snapshot(state=State.SUCCEEDED, vendor_state=FINISHED, outputs=(self._output(submission.id),))
        try:
            reply = yield _ask(submission.id)
        except Refused as error:
            if _is_its_own_404(error):
                raise SubmissionGone("The service no longer knows this task.", vendor_code=error.vendor_code) from error
            raise
        return self._snapshot(reply.data())

    def check_account(self) -> Exchange[None]:
        """Asks about a task that cannot be: whatever it says of it, the service is there."""
        try:
            reply = yield _ask(NO_TASK)
        except Refused as error:
            if not _is_its_own_404(error):
                raise
        else:
            text_of(reply.data(), "status")

    def check(self, reply: WireReply) -> ProviderError | None:
        return service_error(reply)

    def _snapshot(self, body: Mapping[str, Any]) -> Snapshot:
        word = text_of(body, "status")
        state = state_of(word, log)
        return Snapshot(
            state=state,
            vendor_state=word,
            outputs=(self._output(text_of(body, "video_url")),) if state is State.SUCCEEDED else (),
            error=render_error(words_in(body)) if state is State.FAILED else None,
        )

    def _output(self, url: str) -> Output:
        """A service that does not know its own name says localhost, or gives the path alone: both are meant at the account's address."""
        base = urlsplit(self.options.base_url)
        try:
            found = urlsplit(urljoin(f"{self.options.base_url}/", url))
        except ValueError as error:
            raise UnexpectedReply("The service gives a video address that is none.") from error
        if found.hostname in LOOPBACK and base.hostname not in LOOPBACK:
            found = found._replace(scheme=base.scheme, netloc=base.netloc)
        return Output(url=found.geturl(), expires_in=RESULT_LIFE)


def _ask(task_id: str) -> WireRequest:
    return WireRequest(method="GET", path=f"api/v1/status/{quote(task_id, safe='')}")


def _body(request: GenerationRequest) -> dict[str, Any]:
    settings = {NAMES[name]: value for name, value in request.params.model_dump().items()}
    return {"prompt": request.prompt, "content_id": request.reference, **settings}


def _submission(reply: WireReply, model: str) -> Submission:
    """A task id, or the finished video's address from a service that renders while we wait."""
    body = reply.data()
    task_id = body.get("task_id")
    if task_id:
        return Submission(id=id_of(task_id, or_number=True), model=model)
    for name in ("video_url", "url"):
        url = body.get(name)
        if isinstance(url, str) and url:
            return Submission(id=url, model=model, kind=FINISHED)
    words = words_in(body)
    if _has_failed(body) or (words and body.get("success") is False) or is_out_of_memory(words):
        raise render_error(words)
    raise UnexpectedReply(f"The service's answer has neither a task id nor a video. ({words})", http_status=reply.status)


def _has_failed(body: Mapping[str, Any]) -> bool:
    word = body.get("status")
    return isinstance(word, str) and state_of(word, log) is State.FAILED


def _is_its_own_404(error: Refused) -> bool:
    """In JSON, as the service speaks. A page of HTML is a proxy's word."""
    return error.http_status == 404 and bool(error.vendor_code)
