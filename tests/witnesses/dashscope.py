"""The dashscope SDK against the simulated Model Studio: call, submit, fetch, wait, list, cancel, the file, refusals as its codes."""

from __future__ import annotations

import base64
import json
import struct
import sys
import zlib
from typing import Any
from urllib.request import urlopen

import dashscope
from dashscope import VideoSynthesis

FAR = "https://example.com/picture.jpg"
CLIP = "https://example.com/walk.mp4"
SONG = "https://example.com/song.mp3"
T2V = "wanx2.1-t2v-turbo"
PATIENCE_S = 10
SIDE_PX = 400


def chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def data_uri() -> str:
    """A black picture."""
    head = struct.pack(">IIBBBBB", SIDE_PX, SIDE_PX, 8, 0, 0, 0, 0)
    rows = zlib.compress((b"\0" + bytes(SIDE_PX)) * SIDE_PX)
    png = b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", rows) + chunk(b"IEND", b"")
    return "data:image/png;base64," + base64.b64encode(png).decode()


ORDERS: list[dict[str, Any]] = [
    {"model": T2V, "size": "1280*720", "seed": 7},
    {"model": "wanx2.1-t2v-plus", "negative_prompt": "blur", "prompt_extend": False},
    {"model": "wanx2.1-i2v-turbo", "img_url": data_uri(), "duration": 4, "resolution": "480P"},
    {"model": "wanx2.1-kf2v-plus", "first_frame_url": FAR, "last_frame_url": FAR},
    {"model": "wan2.2-kf2v-flash", "first_frame_url": FAR, "last_frame_url": FAR, "resolution": "1080P"},
    {"model": "wan2.5-i2v-preview", "img_url": FAR, "audio_url": SONG, "resolution": "720P"},
    {"model": "wan2.6-t2v", "size": "1920*1080", "duration": 10, "shot_type": "multi"},
    {"model": "wan2.6-i2v-flash", "img_url": FAR, "audio": False, "duration": 5},
    {"model": "wan2.6-r2v", "reference_video_urls": [CLIP], "size": "1280*720", "duration": 5},
    {"model": "wan2.7-t2v", "resolution": "1080P", "ratio": "3:4", "duration": 2},
    {"model": "wan2.7-i2v", "media": [{"type": "first_frame", "url": FAR}]},
    {"model": "wan2.7-i2v", "media": [{"type": "first_clip", "url": CLIP}, {"type": "last_frame", "url": FAR}]},
    {"model": "wan2.6-r2v-flash", "reference_urls": [FAR, CLIP], "size": "1280*720", "duration": 2, "audio": False},
    {"model": "wan2.7-r2v", "media": [{"type": "reference_image", "url": data_uri()}], "resolution": "720P", "ratio": "16:9"},
    {"model": "wan2.7-videoedit", "media": [{"type": "video", "url": CLIP}], "resolution": "720P", "audio_setting": "origin"},
    {"model": "wan3.0-video", "media": [{"type": "first_frame", "url": data_uri()}], "resolution": "720P", "duration": -1},
    {"model": "happyhorse-1.1-t2v", "resolution": "720P", "ratio": "16:9", "duration": 3},
    {"model": "vidu/viduq3-turbo_img2video", "media": [{"type": "image", "url": FAR}], "resolution": "720P", "duration": 5},
]


def control(base: str, path: str, body: dict[str, Any] | None = None) -> Any:
    with urlopen(f"{base}/_control/{path}", None if body is None else json.dumps(body).encode(), PATIENCE_S) as reply:  # noqa: S310
        return json.load(reply)


def is_video(url: str) -> bool:
    with urlopen(url, timeout=PATIENCE_S) as file:  # noqa: S310 - an address of the simulator
        return bool(file.headers["Content-Type"] == "video/mp4" and file.read()[4:8] == b"ftyp")


def make_all(base: str) -> None:
    submitted = [VideoSynthesis.async_call(prompt=f"a boat {number}", **order) for number, order in enumerate(ORDERS)]
    assert [(one.status_code, one.output.task_status) for one in submitted] == [(200, "PENDING")] * len(ORDERS), submitted
    control(base, "clock", {"advance_s": 60})
    for one in submitted:
        done = VideoSynthesis.fetch(one)
        assert done.output.task_status == "SUCCEEDED", done
        assert is_video(done.output.video_url)
    by_prompt = {entry["prompt"]: entry["body"] for entry in control(base, "ledger")["entries"]}
    assert by_prompt["a boat 0"]["input"]["function"] == "video-synthesis"
    listed = VideoSynthesis.list(model_name=T2V, page_size=5)
    assert (listed.status_code, listed.output["total"]) == (200, 1)
    assert [row["task_id"] for row in listed.output["data"]] == [submitted[0].output.task_id]


def call_and_wait() -> None:
    """The SDK's own loop survives temporary errors, and reports the end of a task with its code."""
    done = VideoSynthesis.call(T2V, "a boat #fault:poll-5xx:1 #fault:poll-unknown-state:1", size="1280*720")
    assert (done.output.task_status, done.usage.video_duration) == ("SUCCEEDED", 5)
    submitted = VideoSynthesis.async_call(T2V, "a boat #fault:fail-content")
    failed = VideoSynthesis.wait(submitted.output.task_id)
    assert (failed.status_code, failed.output.task_status, failed.output.code) == (200, "FAILED", "DataInspectionFailed")


def be_refused() -> None:
    wrong_size = VideoSynthesis.async_call(T2V, "a boat", size="1280x720")
    wrong_key = VideoSynthesis.async_call(T2V, "a boat", api_key="bad-key")
    wrong_place = VideoSynthesis.async_call(T2V, "a boat", workspace="bad-ws")
    assert (wrong_place.status_code, wrong_place.code) == (403, "Workspace.AccessDenied")
    assert VideoSynthesis.async_call(T2V, "a boat", workspace="ws-4711").status_code == 200
    assert (wrong_size.status_code, wrong_size.code) == (400, "InvalidParameter")
    assert (wrong_key.status_code, wrong_key.code) == (401, "InvalidApiKey")


def cancel(base: str) -> None:
    control(base, "settings", {"queue_s": 100})
    waiting = VideoSynthesis.async_call(T2V, "not wanted")
    assert VideoSynthesis.cancel(waiting).status_code == 200
    assert VideoSynthesis.fetch(waiting).output.task_status == "CANCELED"


def main(base: str) -> None:
    dashscope.base_http_api_url = f"{base}/hosts/dashscope/api/v1"
    dashscope.api_key = "sk-witness-0001"
    make_all(base)
    call_and_wait()
    be_refused()
    cancel(base)


if __name__ == "__main__":
    main(sys.argv[1])
