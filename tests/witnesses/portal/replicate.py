"""The package `replicate` against the portal: run() with a file, create that waits, cancel, lists, models, versions, and its exceptions."""

from __future__ import annotations

import io
import struct
import sys
import zlib
from typing import Any

import httpx
from replicate.client import Client
from replicate.exceptions import ModelError, ReplicateError

MODEL = "kling/kling-v2-6"
SIDE = 512


def refused(status: int, call: Any, *words: Any, **order: Any) -> ReplicateError:
    try:
        call(*words, **order)
    except ReplicateError as error:
        found = error
    else:
        raise AssertionError(f"{words} {order} was not refused")
    assert (found.status, bool(found.title and found.detail)) == (status, True), found
    return found


def frame() -> io.BytesIO:
    """Return a PNG of grey pixels."""

    def chunk(kind: bytes, content: bytes) -> bytes:
        return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))

    head, pixels = struct.pack(">IIBBBBB", SIDE, SIDE, 8, 0, 0, 0, 0), zlib.compress((b"\0" + b"\x80" * SIDE) * SIDE)
    return io.BytesIO(b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", pixels) + chunk(b"IEND", b""))


def is_video(address: str) -> bool:
    return httpx.get(address).raise_for_status().content[4:8] == b"ftyp"


def run(client: Client) -> None:
    """The portal of witnesses has no https, so the package gives addresses instead of `FileOutput`."""
    assert is_video(client.run(MODEL, input={"prompt": "a red balloon", "duration": 5}))
    assert is_video(client.run(MODEL, input={"prompt": "it sails", "start_image": frame()}))
    assert is_video(client.run(MODEL, input={"prompt": "a boat", "image": frame()}, wait=False, file_encoding_strategy="base64"))
    version = client.models.get(MODEL).latest_version
    assert version
    assert is_video(client.run(f"{MODEL}:{version.id}", input={"prompt": "by its version", "unknown": 1}))
    try:
        client.run(MODEL, input={"prompt": "a boat #fault:fail-content"})
    except ModelError as error:
        said = error.prediction.error
    else:
        raise AssertionError("a failed render was not raised")
    assert said


def create(client: Client) -> None:
    version = client.models.get(MODEL).versions.list()[0]
    waited = client.predictions.create(version=version, input={"prompt": "a kite"}, wait=30)
    assert waited.status in {"starting", "succeeded"}, waited
    waited.wait()
    assert (waited.status, waited.error, waited.model, waited.version) == ("succeeded", None, MODEL, version.id), waited
    assert waited.metrics
    assert waited.completed_at
    named = client.models.predictions.create(model=MODEL, input={"prompt": "another kite", "seconds": 7})
    assert (named.status, "seconds" in (named.logs or "")) == ("starting", True), named
    deployed = client.deployments.predictions.create(deployment=MODEL, input={"prompt": "a third kite"})
    for one in (named, deployed):
        one.wait()
        assert one.status == "succeeded", one
    listed = client.predictions.list()
    assert [one.id for one in listed][:3] == [deployed.id, named.id, waited.id]
    assert listed.next is None
    assert client.predictions.cancel(waited.id).status == "succeeded"


def look_around(client: Client) -> None:
    file = client.files.create(frame())
    assert (client.files.get(file.id).size, file.urls["get"].endswith(file.id)) == (file.size, True)
    assert file.id in [one.id for one in client.files.list()]
    assert MODEL in [model.id for model in client.models.list()]
    assert client.accounts.current().type == "user"


def meet_refusals(client: Client, base: str) -> None:
    assert MODEL in str(refused(404, client.run, "nobody/has-it", input={"prompt": "a boat"}).detail)
    assert "input.prompt" in str(refused(422, client.run, MODEL, input={}).detail)
    refused(404, client.predictions.get, "nobody")
    refused(401, Client(api_token="r8_not_the_token", base_url=base).predictions.list)


def main(base: str, token: str) -> None:
    client = Client(api_token=token, base_url=f"{base}/compat/replicate")
    run(client)
    create(client)
    look_around(client)
    meet_refusals(client, f"{base}/compat/replicate")


if __name__ == "__main__":
    main(*sys.argv[1:3])
