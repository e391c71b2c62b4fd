"""How the OpenAI Videos API is spoken: create (multipart), retrieve, list, content. Pure; no I/O.

OpenAI's video generation guide and SDK; read 2026-11-20. The base URL holds /v1. Gateways add a `task_id` beside the id, and put the
file's address under `metadata`; without one, the file is fetched from the account's own host, with its key.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from typing import ClassVar
from urllib.parse import quote

from providers.core.base import CredentialField, Provider, Sandbox, Surface
from providers.core.catalog import ModelSpec
from providers.core.errors import ProviderError, Refused, SubmissionGone, UnexpectedReply, Unsupported
from providers.core.listings import LISTS_TELL, absence_along
from providers.core.types import (
    Exchange,
    GenerationRequest,
    InputFile,
    Part,
    Snapshot,
    Submission,
    WireReply,
    WireRequest,
)
from providers.vendors.openai_videos.catalog import ANY_MODEL, GATEWAY, MODELS, NOT_OFFERED, RESULT_LIFE, SIZES
from providers.vendors.openai_videos.errors import is_gone, vendor_error
from providers.vendors.openai_videos.replies import id_of, snapshot_of, stretch_of

__all__ = ["OpenAIVideos"]

PAGE_SIZE = 100
MOST_PAGES = 50
NO_LIST = {400, 404, 405}
"""How services answer that do not have the list."""
ENDINGS: Mapping[str, str] = {"image/png": "png", "image/jpeg": "jpg"}

API_KEY = CredentialField(name="api_key", label="API key")
SURFACES = (
    Surface(
        slug=GATEWAY,
        label="OpenAI Videos, compatible service",
        base_url="https://gateway.example.com/v1",
        credentials=(API_KEY,),
        help="The gateway's address up to and with /v1: LiteLLM, new-api, another portal.",
        sandbox=Sandbox(path="/hosts/openai/v1", credentials={"api_key": "sk-sandbox-openai-videos"}),
    ),
    Surface(slug="openai", label="OpenAI", base_url="https://api.openai.com/v1", credentials=(API_KEY,), help="Closed on 2026-09-24."),
)


class OpenAIVideos(Provider):
    """One account of a service that speaks the OpenAI Videos API."""

    slug = "openai-videos"
    label = "OpenAI Videos"
    docs_url = "https://developers.openai.com/api/docs/guides/video-generation"
    surfaces: ClassVar[Mapping[str, Surface]] = {surface.slug: surface for surface in SURFACES}
    models = MODELS
    not_offered = NOT_OFFERED
    can_look_up = True
    look_up_tells = LISTS_TELL
    look_up_within = RESULT_LIFE - timedelta(minutes=5)

    def submit(self, request: GenerationRequest) -> Exchange[Submission]:
        reply = yield WireRequest(method="POST", path="videos", parts=tuple(_parts(request)), billable=True)
        return Submission(id=id_of(reply), model=request.spec.id)

    def poll(self, submission: Submission) -> Exchange[Snapshot]:
        path = f"videos/{quote(submission.id, safe='')}"
        try:
            reply = yield WireRequest(method="GET", path=path)
        except Refused as error:
            if not is_gone(error):
                raise
            raise SubmissionGone(f"{self.label}: the vendor no longer knows this video.", vendor_code=error.vendor_code) from error
        return snapshot_of(reply, f"{self.options.base_url.rstrip('/')}/{path}/content")

    def look_up(self, reference: str, spec: ModelSpec, since: datetime, known: Sequence[str]) -> Exchange[Submission | None]:  # noqa: ARG002
        """Videos carry no reference: the list can only prove that there is none, while it holds what was begun then."""
        try:
            yield from absence_along(_list, stretch_of, most=MOST_PAGES, since=since, known=known)
        except Refused as error:
            if error.http_status not in NO_LIST:
                raise
            raise Unsupported("The service has no list of its videos.") from error
        return None

    def check_account(self) -> Exchange[None]:
        reply = yield WireRequest(method="GET", path="models")
        if not isinstance(reply.data().get("data"), list):
            raise UnexpectedReply("The service answered without its list of models; check the account's base URL.")

    def sign(self, request: WireRequest, at: datetime) -> WireRequest:  # noqa: ARG002
        return request.with_headers(Authorization=f"Bearer {self.options.credentials['api_key']}")

    def check(self, reply: WireReply) -> ProviderError | None:
        return vendor_error(reply)


def _list(after: str) -> WireRequest:
    start = {"after": after} if after else {}
    return WireRequest(method="GET", path="videos", query={"limit": PAGE_SIZE, "order": "desc", **start})


def _parts(request: GenerationRequest) -> Iterator[Part]:
    """Multipart also without a file, as the vendor's SDK sends it."""
    for name, value in _fields(request).items():
        if value:
            yield Part(name=name, content=value.encode())
    image = request.only_input("first_frame")
    if image is not None:
        yield _file(image)


def _fields(request: GenerationRequest) -> dict[str, str]:
    values = request.params.model_dump()
    known = request.spec.id != ANY_MODEL
    return {
        "prompt": request.prompt,
        "model": request.spec.id if known else values["model_name"],
        "seconds": str(values["duration_s"]),
        "size": SIZES[values["resolution"], values["aspect_ratio"]] if known else values["size"],
    }


def _file(image: InputFile) -> Part:
    name = f"first_frame.{ENDINGS.get(image.content_type, 'bin')}"
    return Part(name="input_reference", content=image.content, filename=name, content_type=image.content_type)
