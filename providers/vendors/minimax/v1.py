"""How v1 is spoken: the body of a create, and what its query and file replies mean. Pure.

MiniMax platform documents, video generation v1; read 2026-11-20. A query tells a file's id, a second question its address.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from typing import Any

from providers.core.errors import ProviderError
from providers.core.replies import text_of
from providers.core.states import state_of
from providers.core.types import Exchange, GenerationRequest, Output, Snapshot, State, Submission, WireReply, WireRequest
from providers.vendors.minimax.catalog import RESULT_LIFE
from providers.vendors.minimax.errors import render_failure

__all__ = ["CREATE", "body", "poll"]

log = logging.getLogger("providers.minimax")

CREATE = "/v1/video_generation"
NAMES: Mapping[str, str] = {
    "duration_s": "duration",
    "resolution": "resolution",
    "prompt_extend": "prompt_optimizer",
    "fast_pretreatment": "fast_pretreatment",
}
IMAGES: Mapping[str, str] = {"first_frame": "first_frame_image", "last_frame": "last_frame_image"}


def body(request: GenerationRequest) -> dict[str, Any]:
    said: dict[str, Any] = {"model": request.spec.id} | ({"prompt": request.prompt} if request.prompt else {})
    said |= {NAMES[name]: value for name, value in request.params.model_dump().items()}
    for slot, field in IMAGES.items():
        if (file := request.only_input(slot)) is not None:
            said[field] = file.data_uri
    if (subject := request.only_input("references")) is not None:
        said["subject_reference"] = [{"type": "character", "image": [subject.data_uri]}]
    return said


def poll(submission: Submission) -> Exchange[Snapshot]:
    reply = yield WireRequest(method="GET", path="/v1/query/video_generation", query={"task_id": submission.id})
    told = reply.data()
    word = text_of(told, "status")
    state = state_of(word, log)
    if state is not State.SUCCEEDED:
        return Snapshot(state=state, vendor_state=word, error=_failure(told) if state is State.FAILED else None)
    file = yield WireRequest(method="GET", path="/v1/files/retrieve", query={"file_id": text_of(told, "file_id", or_number=True)})
    return Snapshot(state=state, vendor_state=word, outputs=(_output(file),))


def _failure(told: Mapping[str, Any]) -> ProviderError:
    base = told.get("base_resp")
    base = base if isinstance(base, dict) else {}
    code = str(base.get("status_code") or "")
    words = str(base.get("status_msg") or "")
    return render_failure(code, "" if words == "success" else words)


def _output(reply: WireReply) -> Output:
    return Output(url=text_of(reply.part("file"), "download_url"), expires_in=RESULT_LIFE)
