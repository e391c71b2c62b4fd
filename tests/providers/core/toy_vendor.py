"""A vendor small enough to see through: one paid request, one free one. For tests of the client alone."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

from providers.core.base import CredentialField, Options, Provider, Surface, http_error
from providers.core.catalog import ModelSpec, Params
from providers.core.errors import AuthenticationFailed, ContentRejected, ProviderError, Refused
from providers.core.types import Exchange, GenerationRequest, Snapshot, State, Submission, WireReply, WireRequest

SECRET = "sk-very-secret-0123456789"
NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)

SPEC = ModelSpec(
    provider="toy",
    id="toy-1",
    label="Toy 1",
    params=Params,
    max_prompt_chars=100,
    result_life=timedelta(hours=1),
    docs_url="https://toy.example/docs",
    docs_read=date(2026, 11, 20),
)


class Toy(Provider):
    """Signs with the time, so that a second signature differs from the first."""

    slug = "toy"
    label = "Toy"
    docs_url = "https://toy.example/docs"
    surfaces = {
        "only": Surface(
            slug="only", label="Toy", base_url="https://toy.example", credentials=(CredentialField(name="api_key", label="API key"),)
        )
    }
    models = {SPEC.id: SPEC}

    def submit(self, request: GenerationRequest) -> Exchange[Submission]:
        yield WireRequest(method="POST", path="/upload")
        reply = yield WireRequest(method="POST", path="/renders", json={"prompt": request.prompt}, billable=True)
        return Submission(id=reply.part("render").get("id", ""), model=request.spec.id)

    def poll(self, submission: Submission) -> Exchange[Snapshot]:
        try:
            reply = yield WireRequest(method="GET", path=f"/renders/{submission.id}")
        except ContentRejected:
            return Snapshot(state=State.CANCELLED, vendor_state="caught")
        return Snapshot(state=State.RUNNING, vendor_state=str(reply.data()["state"]))

    def check_account(self) -> Exchange[None]:
        yield WireRequest(method="GET", path="/me")

    def sign(self, request: WireRequest, at: datetime) -> WireRequest:
        return request.with_headers(Authorization=f"{self.options.credentials['api_key']} {at:%H:%M:%S}")

    def check(self, reply: WireReply) -> ProviderError | None:
        if reply.status == 401:
            return AuthenticationFailed(f"Bad key {SECRET}.", stale=b"stale" in reply.body, http_status=401)
        if reply.status == 451:
            return ContentRejected("No.", vendor_code="no")
        if reply.status == 404 and reply.body:
            return Refused("No such render.", vendor_code="gone", http_status=404)
        return http_error(reply)


def toy(base_url: str = "https://toy.example") -> Toy:
    return Toy(Options(surface="only", base_url=base_url, credentials={"api_key": SECRET}))


def toy_request(prompt: str = "a boat") -> GenerationRequest:
    return GenerationRequest(spec=SPEC, prompt=prompt, params=Params(), reference="r-1")
