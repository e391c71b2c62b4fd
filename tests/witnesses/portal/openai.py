"""The openai SDK against the portal, also through a line that cuts the first answer of every create: each call of `client.videos`, the
models, refusals as its exceptions, a hundred retries that buy nothing twice, and the program of docs/integrations/openai.md. `openai_2.py`
runs it with the SDK of the 2.x line.
"""

from __future__ import annotations

import base64
import socket
import struct
import sys
import warnings
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from pathlib import Path
from threading import Thread
from typing import Any
from urllib.parse import urlsplit

from openai import APIStatusError, AuthenticationError, BadRequestError, NotFoundError, OpenAI

sys.path.append(str(Path(__file__).parent))

from page_blocks import blocks_of, runs
from parts import frame

MODEL = "kling/kling-v2-6"
RETRIED = 100
AT_ONCE = 10
DOT = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNkYPhfDwAChwGA60e6kgAAAABJRU5ErkJggg==",
)
ENOUGH_BYTES = 65_536
FIRST_TRY = b"x-stainless-retry-count: 0"
AT_ONCE_RESET = struct.pack("ii", 1, 0)


def refused(kind: type[APIStatusError], call: Any, **order: Any) -> APIStatusError:
    try:
        call(**order)
    except kind as error:
        return error
    raise AssertionError(f"{order} was not refused")


def make_and_fetch(client: OpenAI) -> str:
    video = client.videos.create(prompt="a red balloon", model=MODEL, seconds="5", size="1280x720", extra_body={"negative_prompt": "rain"})
    assert (video.object, video.status, video.seconds, video.progress, video.error) == ("video", "queued", "5", 0, None), video
    video = client.videos.poll(video.id, poll_interval_ms=300)
    assert (video.status, video.progress, video.error) == ("completed", 100, None), video
    assert (video.completed_at or 0) >= video.created_at
    assert client.videos.download_content(video.id).read()[4:8] == b"ftyp"
    assert client.videos.download_content(video.id, variant="thumbnail").read()[:4] == b"RIFF"
    part = client.videos.with_raw_response.download_content(video.id, extra_headers={"Range": "bytes=4-7"})
    assert (part.status_code, part.content) == (206, b"ftyp")
    return video.id


def look_after(client: OpenAI, name: str) -> None:
    remixed = client.videos.remix(name, prompt="the same at night")
    assert (remixed.remixed_from_video_id, remixed.prompt) == (name, "the same at night")
    framed = client.videos.create_and_poll(
        prompt="it sails", model=MODEL, input_reference=("frame.png", frame(), "image/png"), poll_interval_ms=300
    )
    assert framed.status == "completed", framed
    failed = client.videos.create_and_poll(prompt="a boat #fault:fail-content", model=MODEL, poll_interval_ms=300)
    assert (failed.status, bool(failed.error and failed.error.message)) == ("failed", True), failed
    listed = [video.id for video in client.videos.list(limit=2, order="asc")]
    assert listed == [name, remixed.id, framed.id, failed.id], listed
    assert [video.id for video in client.videos.list(limit=3)] == listed[::-1]
    client.videos.poll(remixed.id, poll_interval_ms=300)
    assert client.videos.delete(name).deleted is True
    assert refused(NotFoundError, client.videos.retrieve, video_id=name).code


def meet_refusals(client: OpenAI, base: str) -> None:
    assert refused(NotFoundError, client.videos.create, prompt="a boat", model="nobody-has-it").code == "model_not_found"
    assert refused(BadRequestError, client.videos.create, prompt="a boat", model=MODEL, seconds="7").param == "seconds"
    assert refused(BadRequestError, client.videos.create, prompt="", model=MODEL).param == "prompt"
    assert (
        refused(BadRequestError, client.videos.create, prompt="a boat", model=MODEL, input_reference=("dot.png", DOT, "image/png")).param
        == "input_reference"
    )
    assert refused(BadRequestError, client.videos.create, prompt="a boat", model=MODEL, extra_body={"nonsense": "1"}).param == "nonsense"
    assert refused(NotFoundError, client.videos.retrieve, video_id="video_0").code
    edit = {"prompt": "more", "video": ("clip.mp4", b"", "video/mp4")}
    assert refused(NotFoundError, client.videos.edit, **edit).code == "unsupported"
    assert refused(NotFoundError, client.videos.extend, **edit, seconds="4").code == "unsupported"
    assert refused(NotFoundError, client.chat.completions.create, model=MODEL, messages=[{"role": "user", "content": "hi"}]).code
    stranger = OpenAI(api_key="sk-not-the-key", base_url=f"{base}/v1", max_retries=0)
    assert refused(AuthenticationError, stranger.models.list).code == "invalid_api_key"


def retry(client: OpenAI, base: str, token: str) -> None:
    """Create the same video a hundred times while every first answer is cut: a hundred tasks, each told once."""
    with cutting(base) as line:
        cut = OpenAI(api_key=token, base_url=f"{line}/v1", max_retries=5, default_headers={"Connection": "close"})

        def create(number: int) -> str:
            return cut.videos.create(prompt=f"refused #fault:refuse {number % 5}", model=MODEL).id

        with ThreadPoolExecutor(AT_ONCE) as pool:
            told = list(pool.map(create, range(RETRIED)))
    assert len(set(told)) == RETRIED, f"{len(set(told))} different ids"
    known = [video.id for video in client.videos.list(limit=100) if (video.prompt or "").startswith("refused")]
    assert sorted(known) == sorted(told), f"{len(known)} tasks for {RETRIED} creates"


@contextmanager
def cutting(base: str) -> Iterator[str]:
    """Forward connections to the portal. The answer to a create that is sent for the first time is awaited and thrown away."""
    there = urlsplit(base)
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def forward(near: socket.socket) -> None:
            with near, socket.create_connection((there.hostname, there.port)) as far, suppress(OSError):
                request = read_message(near)
                far.sendall(request)
                answer = read_message(far)
                if FIRST_TRY in request.lower():
                    near.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, AT_ONCE_RESET)
                else:
                    near.sendall(answer)

        def accept() -> None:
            with suppress(OSError):
                while True:
                    Thread(target=forward, args=(listener.accept()[0],), daemon=True).start()

        Thread(target=accept, daemon=True).start()
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"


def read_message(there: socket.socket) -> bytes:
    """Return one request or answer with its body. Raises OSError if it is cut."""
    message = head = body = b""
    while not body.startswith(b"\r\n\r\n") or len(body) - 4 < length_of(head):
        received = there.recv(ENOUGH_BYTES)
        if not received:
            raise ConnectionError
        message += received
        end = message.find(b"\r\n\r\n")
        head, body = message[:end], message[end:] if end >= 0 else b""
    return message


def length_of(head: bytes) -> int:
    return next((int(line.partition(b":")[2]) for line in head.lower().splitlines() if line.startswith(b"content-length:")), 0)


def main(base: str, token: str) -> None:
    warnings.simplefilter("ignore")  # the SDK calls the videos deprecated
    client = OpenAI(api_key=token, base_url=f"{base}/v1")
    assert MODEL in [model.id for model in client.models.list()]
    assert client.models.retrieve(MODEL).object == "model"
    look_after(client, make_and_fetch(client))
    meet_refusals(client, base)
    for block in blocks_of("openai.md", "python"):
        runs(block, base, token)
    retry(client, base, token)


if __name__ == "__main__":
    main(*sys.argv[1:3])
