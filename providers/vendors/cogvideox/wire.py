"""A local CogVideoX-2b service: submit, then poll the status; or submit and get the video at once. Pure; no I/O.

There is no vendor's page: the contract is that of the service's published examples (`/api/v1/generate`, `/api/v1/status/{id}`),
read 2026-11-20. No key, no list, no cancel.
"""

from __future__ import annotations

from urllib.parse import quote

from providers.core.base import Provider
from providers.core.errors import ProviderError, Refused
from providers.core.replies import gone_when, text_of
from providers.core.types import Exchange, GenerationRequest, Snapshot, State, Submission, WireReply, WireRequest
from providers.vendors.cogvideox.bodies import body_of
from providers.vendors.cogvideox.catalog import MODELS, NOT_OFFERED, PROMPT_ADVICE
from providers.vendors.cogvideox.errors import is_gone, vendor_error
from providers.vendors.cogvideox.replies import FINISHED, output_of, snapshot_of, submission_of
from providers.vendors.cogvideox.surfaces import SURFACES

__all__ = ["CogVideoX"]

NO_TASK = "none"


class CogVideoX(Provider):
    """One service on our own machine."""

    slug = "cogvideox"
    label = "CogVideoX"
    docs_url = "https://github.com/zai-org/CogVideo"
    surfaces = SURFACES
    models = MODELS
    not_offered = NOT_OFFERED
    prompt_advice = PROMPT_ADVICE
    reads_english_only = True

    def submit(self, request: GenerationRequest) -> Exchange[Submission]:
        reply = yield WireRequest(method="POST", path="api/v1/generate", json=body_of(request), billable=True)
        return submission_of(reply, request.spec.id)

    def poll(self, submission: Submission) -> Exchange[Snapshot]:
        if submission.kind == FINISHED:
            output = output_of(submission.id, self.options.base_url)
            return Snapshot(state=State.SUCCEEDED, vendor_state=FINISHED, outputs=(output,))
        with gone_when(is_gone, "The service no longer knows this task."):
            reply = yield _ask(submission.id)
        return snapshot_of(reply.data(), self.options.base_url)

    def check_account(self) -> Exchange[None]:
        """Ask about a task that cannot exist: whatever the service says of it, the service is there."""
        try:
            reply = yield _ask(NO_TASK)
        except Refused as error:
            if not is_gone(error):
                raise
        else:
            text_of(reply.data(), "status")

    def check(self, reply: WireReply) -> ProviderError | None:
        return vendor_error(reply)


def _ask(task_id: str) -> WireRequest:
    return WireRequest(method="GET", path=f"api/v1/status/{quote(task_id, safe='')}")
