"""The OpenAI Videos API: create (multipart), retrieve, list, content. Pure; no I/O.

OpenAI's video generation guide and SDK; read 2026-11-20. Gateways add a `task_id` beside the id, and put the
file's address under `metadata`; without one, the file is fetched from the account's own host, with its key.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from urllib.parse import quote

from providers.core.base import Provider
from providers.core.catalog import ModelSpec
from providers.core.declared import Declaration
from providers.core.errors import ProviderError, Refused, Unsupported
from providers.core.listings import LISTS_ONLY, absence_along
from providers.core.replies import gone_when
from providers.core.types import Exchange, GenerationRequest, Snapshot, Submission, WireReply, WireRequest
from providers.vendors.openai_videos.bodies import parts_of
from providers.vendors.openai_videos.catalog import DECLARABLE, MODELS, NOT_OFFERED, RESULT_LIFE, declared_spec
from providers.vendors.openai_videos.errors import is_gone, vendor_error
from providers.vendors.openai_videos.replies import id_of, models_of, snapshot_of, stretch_of
from providers.vendors.openai_videos.surfaces import SURFACES

__all__ = ["OpenAIVideos"]

PAGE_SIZE = 100
MOST_PAGES = 50
NO_LIST = {400, 404, 405}
"""How services answer that do not have the list."""


class OpenAIVideos(Provider):
    """One account of a service that speaks the OpenAI Videos API."""

    slug = "openai-videos"
    label = "OpenAI Videos"
    docs_url = "https://developers.openai.com/api/docs/guides/video-generation"
    surfaces = SURFACES
    models = MODELS
    not_offered = NOT_OFFERED
    declarable = DECLARABLE
    can_look_up = True
    look_up_finds = f"{LISTS_ONLY}; a list without all of the account's other videos proves nothing"
    look_up_within = RESULT_LIFE - timedelta(minutes=5)

    @classmethod
    def declared(cls, model: Declaration) -> ModelSpec:
        return declared_spec(model)

    def submit(self, request: GenerationRequest) -> Exchange[Submission]:
        reply = yield WireRequest(method="POST", path="videos", parts=tuple(parts_of(request)), billable=True)
        return Submission(id=id_of(reply), model=request.spec.id)

    def poll(self, submission: Submission) -> Exchange[Snapshot]:
        path = f"videos/{quote(submission.id, safe='')}"
        with gone_when(is_gone, f"{self.label}: the vendor no longer knows this video."):
            reply = yield WireRequest(method="GET", path=path)
        base_url = self.options.base_url
        return snapshot_of(reply, base_url, f"{base_url.rstrip('/')}/{path}/content")

    def look_up(self, reference: str, spec: ModelSpec, since: datetime, known: Sequence[str]) -> Exchange[Submission | None]:  # noqa: ARG002
        """Prove from the list, while it reaches back that far, that there is no such video: videos carry no reference."""
        try:
            yield from absence_along(_list, stretch_of, most=MOST_PAGES, since=since, known=known)
        except Refused as error:
            if error.http_status not in NO_LIST:
                raise
            raise Unsupported("The service has no list of its videos.") from error
        return None

    def check_account(self) -> Exchange[None]:
        yield from self.list_models()

    def list_models(self) -> Exchange[Sequence[Declaration]]:
        """Return the names of the service's models of every kind: the list says no more about them."""
        reply = yield WireRequest(method="GET", path="models")
        return models_of(reply)

    def check(self, reply: WireReply) -> ProviderError | None:
        return vendor_error(reply)


def _list(after: str) -> WireRequest:
    start = {"after": after} if after else {}
    return WireRequest(method="GET", path="videos", query={"limit": PAGE_SIZE, "order": "desc", **start})
