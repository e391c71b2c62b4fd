"""How DashScope's asynchronous video tasks are spoken: submit by model family, poll, cancel, list. Pure; no I/O.

Model Studio documents, text-to-video, image-to-video, image-to-video-by-first-and-last-frame API references and
manage-asynchronous-tasks; read 2026-11-20. The base URL holds /api/v1, as the vendor's pages and its SDK give it.
"""

from __future__ import annotations

import base64
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, ClassVar
from urllib.parse import quote

from providers.core.base import CredentialField, Limits, Provider, Sandbox, Surface
from providers.core.catalog import ModelSpec
from providers.core.errors import ProviderError, UnexpectedReply, Unsupported
from providers.core.listings import may_be_of, require_absence
from providers.core.replies import text_of
from providers.core.types import (
    Exchange,
    GenerationRequest,
    InputFile,
    Snapshot,
    Submission,
    WireReply,
    WireRequest,
)
from providers.vendors.dashscope.catalog import MODELS, NOT_OFFERED, SIZES
from providers.vendors.dashscope.errors import vendor_error
from providers.vendors.dashscope.replies import listed, page_of, snapshot_of

__all__ = ["DashScope"]

SUBMIT_PATH = "services/aigc/video-generation/video-synthesis"
FRAMES_PATH = "services/aigc/image2video/video-synthesis"
INPUT_NAMES: Mapping[str, str] = {"negative_prompt": "negative_prompt", "style": "template", "audio_url": "audio_url"}
PARAMETERS: Mapping[str, str] = {
    "duration_s": "duration",
    "prompt_extend": "prompt_extend",
    "resolution": "resolution",
    "seed": "seed",
    "watermark": "watermark",
    "with_audio": "audio",
}
SHOTS = {False: "single", True: "multi"}
IMAGE_NAMES: Mapping[bool, Mapping[str, str]] = {
    False: {"first_frame": "img_url"},
    True: {"first_frame": "first_frame_url", "last_frame": "last_frame_url"},
}
PAGE_SIZE = 100
MOST_PAGES = 50

API_KEY = CredentialField(name="api_key", label="API key")
LIMITS = Limits(max_in_flight=2, submits_per_minute=120, submits_per_second=2, polls_per_second=20)
"""Two at a time and two submits a second, of most Wan models; 20 questions a second of the whole account. Model Studio documents, "rate
limits"; read 2026-11-20.
"""
HELP = "Key and endpoint belong to one region."


def _surface(slug: str, label: str, host: str, sandbox: Sandbox | None = None) -> Surface:
    return Surface(
        slug=slug,
        label=label,
        base_url=f"https://{host}/api/v1",
        credentials=(API_KEY,),
        help=HELP,
        regional=True,
        limits=LIMITS,
        sandbox=sandbox,
    )


def _sandbox(priority: int, host: str = "dashscope", key: str = "sk-sandbox-dashscope") -> Sandbox:
    return Sandbox(path=f"/hosts/{host}/api/v1", credentials={"api_key": key}, priority=priority)


SURFACES = (
    _surface("beijing", "DashScope, Beijing", "dashscope.aliyuncs.com", _sandbox(10)),
    _surface(
        "singapore", "DashScope, Singapore", "dashscope-intl.aliyuncs.com", _sandbox(30, "dashscope-intl", "sk-intl-sandbox-dashscope")
    ),
    _surface("us", "DashScope, US (Virginia)", "dashscope-us.aliyuncs.com", _sandbox(20)),
    _surface("hongkong", "DashScope, Hong Kong", "cn-hongkong.dashscope.aliyuncs.com"),
)


class DashScope(Provider):
    """The Wan models over one account."""

    slug = "dashscope"
    label = "DashScope"
    docs_url = "https://help.aliyun.com/zh/model-studio/text-to-video-api-reference"
    surfaces: ClassVar[Mapping[str, Surface]] = {surface.slug: surface for surface in SURFACES}
    models = MODELS
    not_offered = NOT_OFFERED
    can_cancel = True
    can_look_up = True
    look_up_within = timedelta(hours=23)

    def submit(self, request: GenerationRequest) -> Exchange[Submission]:
        frames = _takes_frames(request.spec.id)
        path = FRAMES_PATH if frames else SUBMIT_PATH
        ask = WireRequest(method="POST", path=path, json=_body(request, frames=frames), billable=True)
        reply = yield ask.with_headers(X_DashScope_Async="enable")
        return Submission(id=text_of(reply.part("output"), "task_id"), model=request.spec.id)

    def poll(self, submission: Submission) -> Exchange[Snapshot]:
        reply = yield WireRequest(method="GET", path=f"tasks/{quote(submission.id, safe='')}")
        return snapshot_of(reply)

    def cancel(self, submission: Submission) -> Exchange[None]:
        """Stops a task that still waits; DashScope refuses once it renders."""
        yield WireRequest(method="POST", path=f"tasks/{quote(submission.id, safe='')}/cancel")

    def look_up(self, reference: str, spec: ModelSpec, since: datetime, known: Sequence[str]) -> Exchange[Submission | None]:  # noqa: ARG002
        """Tasks carry no reference: the list of the last 24 hours can only prove that there is none."""
        seen = 0
        for page in range(1, MOST_PAGES + 1):
            reply = yield WireRequest(method="GET", path="tasks", query={"page_no": page, "page_size": PAGE_SIZE})
            rows, total = page_of(reply)
            ours = may_be_of(rows, spec.id, named="model_name", models=MODELS)
            require_absence(listed(ours), since=since, known=known)
            seen += len(rows)
            if seen >= total:
                return None
            if not rows:
                break
        raise Unsupported("DashScope's list of tasks is longer than can be read.")

    def check_account(self) -> Exchange[None]:
        reply = yield WireRequest(method="GET", path="tasks", query={"page_no": 1, "page_size": 1})
        if not {"data", "total"} & reply.data().keys():
            raise UnexpectedReply("DashScope answered without the list of tasks; check the account's base URL.")

    def sign(self, request: WireRequest, at: datetime) -> WireRequest:  # noqa: ARG002
        return request.with_headers(Authorization=f"Bearer {self.options.credentials['api_key']}")

    def check(self, reply: WireReply) -> ProviderError | None:
        return vendor_error(reply)


def _takes_frames(model: str) -> bool:
    """First-and-last-frame models have a path and image names of their own."""
    return "kf2v" in model


def _lists_media(model: str) -> bool:
    """From 2.7 on, images and sound of an image-to-video task stand in one list."""
    return model.startswith("wan2.7-i2v")


def _body(request: GenerationRequest, *, frames: bool) -> dict[str, Any]:
    model, values = request.spec.id, request.params.model_dump()
    texts = {"prompt": request.prompt} | {INPUT_NAMES[name]: values.pop(name) for name in INPUT_NAMES if name in values}
    images = {slot: _image(files[0]) for slot, files in request.inputs.items() if files}
    if _lists_media(model):
        inputs: dict[str, Any] = {"media": _media(images, texts.pop("audio_url"))}
    else:
        inputs = {IMAGE_NAMES[frames][slot]: image for slot, image in images.items()}
    return {
        "model": model,
        "input": {name: value for name, value in texts.items() if value} | inputs,
        "parameters": _parameters(model, values),
    }


def _parameters(model: str, values: dict[str, Any]) -> dict[str, Any]:
    """Resolution and shape make one `size`, apart from 2.7, which takes them apart."""
    said: dict[str, Any] = {}
    shape = values.pop("aspect_ratio", None)
    if shape and model.startswith("wan2.7"):
        said["ratio"] = shape
    elif shape:
        said["size"] = SIZES[values.pop("resolution"), shape]
    if "multi_shot" in values:
        said["shot_type"] = SHOTS[values.pop("multi_shot")]
    return said | {PARAMETERS[name]: value for name, value in values.items() if value is not None}


def _media(images: Mapping[str, str], audio_url: str) -> list[dict[str, str]]:
    sound = {"driving_audio": audio_url} if audio_url else {}
    return [{"type": kind, "url": url} for kind, url in ({**images, **sound}).items()]


def _image(file: InputFile) -> str:
    return f"data:{file.content_type};base64,{base64.b64encode(file.content).decode()}"
