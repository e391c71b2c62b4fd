"""Requests without a key that repeat one another are one task, in whatever order they arrive, also at the same time."""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Barrier, Event, Thread
from typing import Any

import pytest
from django.db import connection

from api.compat.retries import ARRIVED
from api.compat.urls import DIALECTS
from api.errors import failure_of
from generation.errors import NotYet
from generation.models import GenerationTask
from tests.api.compat.conftest import Program
from tests.cases import in_one_test
from tests.pictures import picture
from tests.task_rows import MODEL

PICTURE = picture((640, 640)).getvalue()
WITHIN_S = 30
RETRIED_AFTER_S = (0.0, 2.0, 6.0)
"""When `ai` sends a request, a second and a third time."""


@dataclass(frozen=True)
class Package:
    """A package that repeats its creates: where it sends them, with which headers, and an image at an address as it sends it."""

    create: str
    headers: Mapping[str, str] = field(default_factory=dict)
    image: Callable[[str], Mapping[str, Any]] = lambda url: {"input_reference": {"image_url": url}}
    counts: bool = False

    def send(self, token: str, retries: int, *, first_at: float, prompt: str = "a red fox", image: str = "") -> Any:
        """Send a create, or its retry, as one that arrived when the package sends it, and return the answer. `first_at` is when it sent the
        create, by `time.monotonic()`.
        """
        body = {"model": MODEL, "prompt": prompt} | (self.image(image) if image else {})
        program = Program(token)
        program.client.defaults[ARRIVED] = first_at + RETRIED_AFTER_S[retries]
        headers = dict(self.headers) | ({"x_stainless_retry_count": str(retries)} if self.counts else {})
        return program.post(self.create, body, **headers)


def first_frame(url: str) -> dict[str, Any]:
    return {"frame_images": [{"type": "image_url", "image_url": {"url": url}, "frame_type": "first_frame"}]}


PACKAGES = (
    Package("/v1/videos", counts=True),
    Package("/compat/openrouter/v1/videos", {"user_agent": "ai/7.0.173 ai-sdk/provider-utils/5.0.42"}, first_frame),
    Package("/compat/ai-gateway/video-model", {"ai_model_id": MODEL}, lambda url: {"image": {"type": "url", "url": url}}),
)
every_package = in_one_test("package", PACKAGES)


@pytest.fixture(autouse=True)
def one_model(any_model: None) -> None:
    """Orders go to a model whose account sends nothing."""


@dataclass
class SlowHost:
    """Sends a picture, to the first who asks for it only when it may."""

    url: str = ""
    asked: Event = field(default_factory=Event)
    may_answer: Event = field(default_factory=Event)


@pytest.fixture
def slow_host(settings: Any) -> Iterator[SlowHost]:
    host = SlowHost()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            if not host.asked.is_set():
                host.asked.set()
                host.may_answer.wait(WITHIN_S)
            self.send_response(200)
            self.send_header("Content-Type", "image/png")
            self.send_header("Content-Length", str(len(PICTURE)))
            self.end_headers()
            self.wfile.write(PICTURE)

        def log_message(self, *_words: Any) -> None:
            """Keep quiet."""

    settings.OUTBOUND_ALLOW_CIDRS = ["127.0.0.0/8"]
    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    host.url = f"http://127.0.0.1:{server.server_port}/frame.png"
    thread = Thread(target=server.serve_forever)
    thread.start()
    yield host
    host.may_answer.set()
    server.shutdown()
    thread.join()
    server.server_close()


def in_thread(act: Callable[[], Any]) -> Thread:
    def run() -> None:
        try:
            act()
        finally:
            connection.close()

    thread = Thread(target=run)
    thread.start()
    return thread


@pytest.mark.postgresql
@pytest.mark.django_db(transaction=True)
@every_package
def test_a_repeat_is_the_create_whose_image_is_still_being_fetched(package: Package, program: Program, slow_host: SlowHost) -> None:
    before, sent, statuses = GenerationTask.objects.count(), {"first_at": time.monotonic() - 10, "image": slow_host.url}, []
    first = in_thread(lambda: statuses.append(package.send(program.token, 0, **sent).status_code))
    assert slow_host.asked.wait(WITHIN_S)
    refused = package.send(program.token, 1, **sent)  # one process fetches one image of one person at a time
    assert (refused.status_code, refused["Retry-After"], refused.json().keys()) == (503, "5", {"error"})
    slow_host.may_answer.set()
    first.join()
    assert statuses == [package.send(program.token, 2, **sent).status_code]
    assert GenerationTask.objects.count() == before + 1
    slow_host.asked.clear()
    slow_host.may_answer.clear()


@pytest.mark.postgresql
@pytest.mark.django_db(transaction=True)
@every_package
def test_a_first_request_and_its_repeats_at_the_same_moment_are_one_task(package: Package, program: Program) -> None:
    before, first_at = GenerationTask.objects.count(), time.monotonic() - 10
    for prompt in ("a fox", "a hare"):
        start = Barrier(len(RETRIED_AFTER_S))

        def send(retries: int, prompt: str = prompt, start: Barrier = start) -> None:
            start.wait(WITHIN_S)
            package.send(program.token, retries, first_at=first_at, prompt=prompt)

        for thread in [in_thread(partial(send, retries)) for retries in range(len(RETRIED_AFTER_S))]:
            thread.join()
    assert GenerationTask.objects.count() == before + 2


@every_package
def test_equal_creates_are_as_many_tasks_in_whatever_order_their_requests_are_read(package: Package, program: Program) -> None:
    """Each of several equal creates is sent up to three times, within half a second of the others."""
    before, chance, first_at, meant = GenerationTask.objects.count(), random.Random(7), time.monotonic() - 10, 0
    for creates in (1, 2, 4):
        requests = [(retries, chance.random() / 2) for _create in range(creates) for retries in range(chance.randint(1, 3))]
        chance.shuffle(requests)
        meant += creates
        for retries, late_s in requests:
            package.send(program.token, retries, first_at=first_at + late_s, prompt=f"fox {creates}")
    assert GenerationTask.objects.count() == before + meant


def test_a_repeat_that_is_refused_for_the_moment_has_the_dialects_shape_and_a_status_that_sdks_retry(rf: Any) -> None:
    """openai retries 408, 409, 429 and 5xx, as `ai` does (`_should_retry`, `GatewayError`, `APICallError`)."""
    failure = failure_of(rf.post("/"), NotYet("The same request is being stored right now.", code="idempotency_in_flight"))
    for dialect in DIALECTS:
        reply = dialect.refuse(failure)
        assert (reply.status_code, reply["Retry-After"]) == (409, "5"), dialect.name
