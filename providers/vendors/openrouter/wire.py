"""OpenRouter's videos API: submit, poll, content, and the key's own facts. Pure; no I/O.

https://openrouter.ai/docs/guides/overview/multimodal/video-generation; read 2026-11-29. Jobs are asked about by their id, below the
account's own address: `polling_url` is the same address, but an answer must not decide where the key goes. Jobs cannot be listed, found
by a reference or cancelled.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from urllib.parse import quote

from providers.core.base import Provider
from providers.core.callbacks import Callback, Notice
from providers.core.catalog import ModelSpec
from providers.core.declared import Declaration
from providers.core.errors import ProviderError
from providers.core.replies import gone_when
from providers.core.types import Balance, Exchange, GenerationRequest, Snapshot, Submission, WireReply, WireRequest
from providers.vendors.openrouter.bodies import body_of
from providers.vendors.openrouter.callbacks import notice_of
from providers.vendors.openrouter.catalog import DECLARABLE, MODELS, NOT_OFFERED, READ_ELSEWHERE, declared_spec
from providers.vendors.openrouter.errors import is_gone, vendor_error
from providers.vendors.openrouter.replies import balance_of, job_id_of, models_of, snapshot_of
from providers.vendors.openrouter.surfaces import SIGNING_SECRET, SURFACES

__all__ = ["OpenRouter"]


class OpenRouter(Provider):
    """One key of OpenRouter."""

    slug = "openrouter"
    label = "OpenRouter"
    docs_url = "https://openrouter.ai/docs/guides/overview/multimodal/video-generation"
    surfaces = SURFACES
    models = MODELS
    not_offered = NOT_OFFERED
    read_elsewhere = READ_ELSEWHERE
    declarable = DECLARABLE

    @classmethod
    def declared(cls, model: Declaration) -> ModelSpec:
        return declared_spec(model)

    def submit(self, request: GenerationRequest) -> Exchange[Submission]:
        body = body_of(request) | self.callback_param("callback_url")
        reply = yield WireRequest(method="POST", path="videos", json=body, billable=True)
        return Submission(id=job_id_of(reply), model=request.spec.id)

    def poll(self, submission: Submission) -> Exchange[Snapshot]:
        path = f"videos/{quote(submission.id, safe='')}"
        with gone_when(is_gone, "OpenRouter no longer knows this job."):
            reply = yield WireRequest(method="GET", path=path)
        return snapshot_of(reply, f"{self.options.base_url.rstrip('/')}/{path}/content?index=0")

    def check_account(self) -> Exchange[None]:
        (yield _key()).part("data")

    def list_models(self) -> Exchange[Sequence[Declaration]]:
        """Return the video models of OpenRouter, with what each can do."""
        return models_of((yield WireRequest(method="GET", path="videos/models")))

    def balance(self, at: datetime) -> Exchange[Balance]:  # noqa: ARG002
        return balance_of((yield _key()))

    def notice(self, callback: Callback, at: datetime) -> Notice:
        return notice_of(callback, self.options.credentials.get(SIGNING_SECRET.name, ""), at)

    def check(self, reply: WireReply) -> ProviderError | None:
        return vendor_error(reply)


def _key() -> WireRequest:
    return WireRequest(method="GET", path="key")
