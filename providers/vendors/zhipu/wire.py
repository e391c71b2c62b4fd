"""How Zhipu's video tasks are spoken: one path for every model, one to poll. Pure; no I/O.

Zhipu open platform documents, "video generation" and "asynchronous result"; read 2026-11-20. The base URL holds /api/paas/v4, as the
vendor's pages and its SDKs give it. There is no cancel, no list and no callback.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any, ClassVar
from urllib.parse import quote

from providers.core.base import CredentialField, Limits, Provider, Sandbox, Surface
from providers.core.errors import (
    AuthenticationFailed,
    ContentRejected,
    OutOfCredit,
    ProviderError,
    Refused,
    SubmissionGone,
)
from providers.core.replies import text_of
from providers.core.types import (
    Exchange,
    GenerationRequest,
    Snapshot,
    State,
    Submission,
    WireReply,
    WireRequest,
)
from providers.vendors.zhipu.catalog import MODELS, NOT_OFFERED, READ_ELSEWHERE
from providers.vendors.zhipu.errors import is_gone, vendor_error
from providers.vendors.zhipu.replies import snapshot_of, task_id_of

__all__ = ["Zhipu"]

NO_TASK = "0"
NAMES: Mapping[str, str] = {
    "aspect_ratio": "aspect_ratio",
    "duration_s": "duration",
    "fps": "fps",
    "mode": "quality",
    "motion": "movement_amplitude",
    "resolution": "size",
    "style": "style",
    "watermark": "watermark_enabled",
    "with_audio": "with_audio",
}
API_KEY = CredentialField(name="api_key", label="API key")
LIMITS = Limits(max_in_flight=1)
"""CogVideoX renders one at a time, Vidu five: as seen with one account, the vendor publishes no figures. 2026-11-20."""
SURFACES = (
    Surface(
        slug="cn",
        label="Zhipu, China",
        base_url="https://open.bigmodel.cn/api/paas/v4",
        credentials=(API_KEY,),
        help="Keys look like id.secret.",
        regional=True,
        limits=LIMITS,
        sandbox=Sandbox(path="/hosts/zhipu/api/paas/v4", credentials={"api_key": "simid.simsecret0000000000"}),
    ),
    Surface(
        slug="intl",
        label="Z.ai, international",
        base_url="https://api.z.ai/api/paas/v4",
        credentials=(API_KEY,),
        help="A key of Z.ai; keys of the Chinese platform are not known there.",
        regional=True,
        limits=LIMITS,
    ),
)


class Zhipu(Provider):
    """CogVideoX and Vidu over one account."""

    slug = "zhipu"
    label = "Zhipu"
    docs_url = "https://docs.bigmodel.cn/cn/guide/models/video-generation/cogvideox-3"
    surfaces: ClassVar[Mapping[str, Surface]] = {surface.slug: surface for surface in SURFACES}
    models = MODELS
    not_offered = NOT_OFFERED
    read_elsewhere = READ_ELSEWHERE

    def submit(self, request: GenerationRequest) -> Exchange[Submission]:
        reply = yield WireRequest(method="POST", path="videos/generations", json=_body(request), billable=True)
        return Submission(id=task_id_of(reply), model=request.spec.id)

    def poll(self, submission: Submission) -> Exchange[Snapshot]:
        try:
            reply = yield _ask(submission.id)
        except ContentRejected as error:
            return Snapshot(state=State.FAILED, vendor_state="FAIL", error=error)
        except Refused as error:
            if is_gone(error):
                raise SubmissionGone("Zhipu no longer knows this task.", vendor_code=error.vendor_code) from error
            raise
        return snapshot_of(reply)

    def check_account(self) -> Exchange[None]:
        """Asks about a task that cannot be: the key is looked at first, so any other refusal means that it is good."""
        try:
            reply = yield _ask(NO_TASK)
        except (AuthenticationFailed, OutOfCredit):
            raise
        except Refused as error:
            if not error.vendor_code:
                raise
        else:
            text_of(reply.data(), "task_status")

    def sign(self, request: WireRequest, at: datetime) -> WireRequest:  # noqa: ARG002
        return request.with_headers(Authorization=f"Bearer {self.options.credentials['api_key']}")

    def check(self, reply: WireReply) -> ProviderError | None:
        return vendor_error(reply)


def _ask(task_id: str) -> WireRequest:
    return WireRequest(method="GET", path=f"async-result/{quote(task_id, safe='')}")


def _body(request: GenerationRequest) -> dict[str, Any]:
    body: dict[str, Any] = {"model": request.spec.id, "request_id": request.reference}
    if request.prompt:
        body["prompt"] = request.prompt
    body |= {NAMES[name]: value for name, value in request.params.model_dump().items()}
    if images := _images(request):
        body["image_url"] = images
    return body


def _images(request: GenerationRequest) -> str | list[str]:
    """One image stands alone, two frames and any number of references in a list."""
    references = request.inputs.get("references", ())
    frames = [file for slot in ("first_frame", "last_frame") for file in request.inputs.get(slot, ())]
    images = [file.data_uri for file in (*frames, *references)]
    return images[0] if len(images) == 1 and not references else images
