"""The openai SDK against the simulated Videos API: create with and without a file, poll, list, content, remix, delete, refusals."""

from __future__ import annotations

import base64
import sys
import time
from typing import Any

from openai import APIStatusError, AuthenticationError, BadRequestError, OpenAI, RateLimitError

PATIENCE_S = 10
DOT = base64.b64decode("iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNkYPhfDwAChwGA60e6kgAAAABJRU5ErkJggg==")
REFUSALS: list[tuple[str, type[APIStatusError], str]] = [
    ("#fault:refuse", BadRequestError, "moderation_blocked"),
    ("#fault:auth", AuthenticationError, "invalid_api_key"),
    ("#fault:quota", RateLimitError, "insufficient_quota"),
]


def refused(client: OpenAI, kind: type[APIStatusError], prompt: str = "a boat", **order: Any) -> APIStatusError:
    try:
        client.videos.create(prompt=prompt, model="sora-2", **order)
    except kind as error:
        return error
    raise AssertionError(f"{prompt} {order} was not refused")


def make_and_fetch(client: OpenAI) -> str:
    video = client.videos.create(prompt="a red balloon", model="sora-2", seconds="8", size="1280x720")
    assert (video.status, video.seconds, video.size) == ("queued", "8", "1280x720")
    give_up_at = time.monotonic() + PATIENCE_S
    while video.status in {"queued", "in_progress"}:
        assert time.monotonic() < give_up_at, "the video did not end"
        time.sleep(0.05)
        video = client.videos.retrieve(video.id)
    assert (video.status, video.progress) == ("completed", 100)
    assert client.videos.download_content(video.id).read()[4:8] == b"ftyp"
    assert client.videos.download_content(video.id, variant="thumbnail").read()[:4] == b"RIFF"
    return video.id


def main(base: str) -> None:
    client = OpenAI(api_key="sk-sandbox-openai-videos", base_url=f"{base}/hosts/openai/v1", max_retries=0)
    name = make_and_fetch(client)
    polled = client.videos.create_and_poll(prompt="a boat #fault:fail-content", model="sora-2-pro")
    assert (polled.status, polled.error and polled.error.code) == ("failed", "moderation_blocked")
    remixed = client.videos.remix(name, prompt="the same at night")
    assert remixed.remixed_from_video_id == name
    listed = [video.id for video in client.videos.list(limit=2, order="asc")]
    assert listed == [name, polled.id, remixed.id]
    assert client.videos.delete(name).deleted is True
    for words, kind, code in REFUSALS:
        assert refused(client, kind, f"a boat {words}").code == code
    dot = ("dot.png", DOT, "image/png")
    assert refused(client, BadRequestError, input_reference=dot).param == "input_reference"
    assert "sora-2" in [model.id for model in client.models.list()]


if __name__ == "__main__":
    main(sys.argv[1])
