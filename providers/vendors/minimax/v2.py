"""How v2 is spoken: the body of a create, and what a task's object means. Pure.

MiniMax platform documents, video generation v2; read 2026-11-20.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from typing import Any

from providers.core.content_tasks import EXPIRED, contents_of, inner_url, snapshot_of
from providers.core.errors import GenerationFailed, ProviderError
from providers.core.states import plain
from providers.core.types import GenerationRequest, Output, Snapshot
from providers.vendors.minimax.catalog import RESULT_LIFE
from providers.vendors.minimax.errors import render_failure

__all__ = ["CREATE", "TASKS", "body", "snapshot"]

log = logging.getLogger("providers.minimax")

CREATE = "/v2/video_generation"
TASKS = "/v2/query/video_generation"


def body(request: GenerationRequest) -> dict[str, Any]:
    values = request.params.model_dump(mode="json")
    said: dict[str, Any] = {
        "model": request.spec.id,
        "content": contents_of(request, values["reference_videos"], values["reference_sounds"]),
        "resolution": values["resolution"],
        "duration": values["duration_s"],
    }
    if request.only_input("first_frame") is None:  # with one, the vendor takes the image's shape; check_inputs refuses another
        said["ratio"] = values["aspect_ratio"]
    if "prompt_expansion" in values:
        said["extra"] = {"prompt_expansion_mode": values["prompt_expansion"]}
    return said


def snapshot(task: Mapping[str, Any]) -> Snapshot:
    return snapshot_of(task, output=_output, failure=_failure, log=log)


def _failure(word: str, task: Mapping[str, Any]) -> ProviderError:
    if plain(word) == EXPIRED:
        return GenerationFailed("MiniMax dropped it before it was done.", vendor_code=EXPIRED)
    error = task.get("error")
    told = error if isinstance(error, dict) else {}
    return render_failure(str(told.get("code") or ""), str(told.get("message") or ""))


def _output(task: Mapping[str, Any]) -> Output:
    return Output(url=inner_url(task, "url"), expires_in=RESULT_LIFE)
