"""How Ark's content generation tasks are spoken: create, get, list, delete. Pure; no I/O.

Volcengine Ark documents, "video generation API": create, query, list and cancel pages; read 2026-11-20. The base URL holds /api/v3.
"""

from __future__ import annotations

import base64
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, ClassVar
from urllib.parse import quote

from providers.core.base import CredentialField, Limits, Provider, Sandbox, Surface
from providers.core.callbacks import Callback, Notice
from providers.core.catalog import ModelSpec
from providers.core.errors import ProviderError, Refused, SubmissionGone, Unsupported
from providers.core.listings import may_be_of, require_absence, rows_of, snapshots_by_id
from providers.core.replies import text_of
from providers.core.types import (
    Exchange,
    GenerationRequest,
    InputFile,
    Snapshot,
    State,
    Submission,
    WireReply,
    WireRequest,
)
from providers.vendors.ark.callbacks import notice_of
from providers.vendors.ark.catalog import MODELS, NOT_OFFERED
from providers.vendors.ark.errors import is_gone, vendor_error
from providers.vendors.ark.replies import listed, snapshot_of, total_of

__all__ = ["Ark"]

TASKS = "contents/generations/tasks"
PAGE_SIZE = 500
MOST_PAGES = 20
ROLES: Mapping[str, str] = {"first_frame": "first_frame", "last_frame": "last_frame", "references": "reference_image"}
SAID: Mapping[str, Callable[[Any], dict[str, Any]]] = {
    "aspect_ratio": lambda value: {} if value == "auto" else {"ratio": value},
    "camera_fixed": lambda value: {"camera_fixed": value},
    "draft": lambda value: {"draft": value},
    "expires_after_s": lambda value: {"execution_expires_after": value},
    "resolution": lambda value: {"resolution": value},
    "seed": lambda value: {} if value is None else {"seed": value},
    "service_tier": lambda value: {"service_tier": value},
    "watermark": lambda value: {"watermark": value},
    "web_search": lambda value: {"tools": [{"type": "web_search"}]} if value else {},
    "with_audio": lambda value: {"generate_audio": value},
}

API_KEY = CredentialField(name="api_key", label="API key")
LIMITS = Limits(max_in_flight=3, submits_per_minute=180)
"""Of a personal account; a company's renders ten at a time and takes 600 a minute. Ark documents, "rate limits"; read 2026-11-20."""
SURFACES = (
    Surface(
        slug="volcengine",
        label="Volcengine Ark, Beijing",
        base_url="https://ark.cn-beijing.volces.com/api/v3",
        credentials=(API_KEY,),
        regional=True,
        limits=LIMITS,
        sandbox=Sandbox(path="/hosts/ark/api/v3", credentials={"api_key": "sk-sandbox-ark"}),
        calls_back=True,
    ),
    Surface(
        slug="byteplus",
        label="BytePlus ModelArk",
        base_url="https://ark.ap-southeast.bytepluses.com/api/v3",
        credentials=(API_KEY,),
        regional=True,
        limits=LIMITS,
        sandbox=Sandbox(path="/hosts/byteplus/api/v3", credentials={"api_key": "sk-intl-sandbox-ark"}, priority=20),
        calls_back=True,
    ),
)


class Ark(Provider):
    """The Seedance models over one account."""

    slug = "ark"
    label = "Ark"
    docs_url = "https://www.volcengine.com/docs/82379/1520757"
    surfaces: ClassVar[Mapping[str, Surface]] = {surface.slug: surface for surface in SURFACES}
    models = MODELS
    not_offered = NOT_OFFERED
    poll_batch = 100
    can_cancel = True
    can_look_up = True
    look_up_within = timedelta(days=6, hours=23)

    def submit(self, request: GenerationRequest) -> Exchange[Submission]:
        body = _body(request) | self.callback_param("callback_url")
        reply = yield WireRequest(method="POST", path=TASKS, json=body, billable=True)
        return Submission(id=text_of(reply.data(), "id"), model=request.spec.id)

    def poll(self, submission: Submission) -> Exchange[Snapshot]:
        try:
            reply = yield WireRequest(method="GET", path=_path(submission))
        except Refused as error:
            if not is_gone(error):
                raise
            raise SubmissionGone("Ark no longer knows this task; it keeps tasks for 7 days.", vendor_code=error.vendor_code) from error
        return snapshot_of(reply.data())

    def poll_many(self, submissions: Sequence[Submission]) -> Exchange[Mapping[str, Snapshot | ProviderError]]:
        names = [submission.id for submission in submissions]
        reply = yield WireRequest(method="GET", path=TASKS, query={"page_num": 1, "page_size": len(names), "filter.task_ids": names})
        return snapshots_by_id(reply.data().get("items"), snapshot_of)

    def cancel(self, submission: Submission) -> Exchange[None]:
        """The vendor's one DELETE stops a waiting task and wipes a finished one out, so it is sent to waiting ones only."""
        snapshot = yield from self.poll(submission)
        if snapshot.state is not State.QUEUED:
            raise Refused("Ark stops only what has not begun to render.", vendor_code=snapshot.vendor_state)
        yield WireRequest(method="DELETE", path=_path(submission))

    def look_up(self, reference: str, spec: ModelSpec, since: datetime, known: Sequence[str]) -> Exchange[Submission | None]:  # noqa: ARG002
        """Tasks carry no reference: the list of the last 7 days can only prove that there is none."""
        seen = 0
        for page in range(1, MOST_PAGES + 1):
            reply = yield WireRequest(method="GET", path=TASKS, query={"page_num": page, "page_size": PAGE_SIZE})
            rows, total = rows_of(reply.data().get("items")), total_of(reply)
            ours = may_be_of(rows, spec.id, named="model", models=MODELS)
            require_absence(listed(ours), since=since, known=known)
            seen += len(rows)
            if seen >= total:
                return None
            if not rows:
                break
        raise Unsupported("Ark's list of tasks is longer than can be read.")

    def check_account(self) -> Exchange[None]:
        reply = yield WireRequest(method="GET", path=TASKS, query={"page_num": 1, "page_size": 1})
        rows_of(reply.data().get("items"))

    def notice(self, callback: Callback, at: datetime) -> Notice:  # noqa: ARG002
        return notice_of(callback)

    def sign(self, request: WireRequest, at: datetime) -> WireRequest:  # noqa: ARG002
        return request.with_headers(Authorization=f"Bearer {self.options.credentials['api_key']}")

    def check(self, reply: WireReply) -> ProviderError | None:
        return vendor_error(reply)


def _path(submission: Submission) -> str:
    return f"{TASKS}/{quote(submission.id, safe='')}"


def _body(request: GenerationRequest) -> dict[str, Any]:
    values = request.params.model_dump()
    body: dict[str, Any] = {"model": request.spec.id, "content": _content(request), **_length(values)}
    for name, value in values.items():
        body |= SAID[name](value)
    return body


def _length(values: dict[str, Any]) -> dict[str, int]:
    """Frames replace seconds; -1 leaves the length to the model."""
    seconds, frames = values.pop("duration_s"), values.pop("frames", None)
    if frames is not None:
        return {"frames": frames}
    return {"duration": -1 if values.pop("duration_auto", False) else seconds}


def _content(request: GenerationRequest) -> list[dict[str, Any]]:
    text = [{"type": "text", "text": request.prompt}] if request.prompt else []
    return [*text, *(_image(file, ROLES[slot]) for slot, files in request.inputs.items() for file in files)]


def _image(file: InputFile, role: str) -> dict[str, Any]:
    url = f"data:{file.content_type};base64,{base64.b64encode(file.content).decode()}"
    return {"type": "image_url", "image_url": {"url": url}, "role": role}
