"""The process that touches vendor bytes: `python -m generation.media.child`, a JSON request on stdin, a JSON answer on stdout.

One pass over the file: every packet is decoded (any error means damage) and copied into the final file; the frames also make the poster
and the preview (`pictures.py`). Run by `prepare.prepare_video` only. Only these two modules use PyAV; `web/health_checks.py` asks which
codecs it has.
The answer is `{"facts": ...}`, `{"error": {code, message}}` or, if the disk is full, `{"errno": number}`; any other error that is not the
file's fault ends in a traceback.
"""

from __future__ import annotations  # Packet is generic in its stubs only

import contextlib
import errno
import hashlib
import json
import os
import resource
import shutil
import sys
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import av
from av.container import InputContainer
from av.error import FFmpegError
from av.packet import Packet
from av.video.frame import VideoFrame
from av.video.stream import VideoStream

from generation.media.mp4 import BadMedia, check_boxes, is_faststart
from generation.media.pictures import Poster, Preview
from generation.media.prepare import NO_ROOM, MediaLimits

RECORD_TAG = "videoportal"
THREADS = 2
PLAYABLE_FORMATS = frozenset({"yuv420p", "yuvj420p"})
NOT_THE_FILE = NO_ROOM | {errno.ENOMEM, errno.EIO, errno.EMFILE, errno.EAGAIN, errno.EACCES, errno.ENOENT}
DURATION_SLACK_S = 0.5
DURATION_SLACK_RATIO = 0.15


@dataclass
class Seen:
    """The decoded frames: their span in seconds, their count and size."""

    first_s: float | None = None
    end_s: float = 0.0
    frames: int = 0
    width_px: int = 0
    height_px: int = 0

    @property
    def duration_s(self) -> float:
        return self.end_s - (self.first_s or 0.0)

    def add(self, frame: VideoFrame, frame_s: float) -> float:
        """Count a frame and return its time since the first one."""
        at = frame.time if frame.time is not None else self.end_s
        if self.first_s is None:
            self.first_s, self.width_px, self.height_px = at, frame.width, frame.height
        self.end_s = max(self.end_s, at + frame_s)
        self.frames += 1
        return at - self.first_s


class Remux:
    """Copies packets unchanged into an mp4 with its index first and the record among its metadata."""

    def __init__(self, path: Path, source: InputContainer, record: dict[str, Any]) -> None:
        self.failed = False
        self._streams: dict[int, Any] = {}
        # The vendor's tags stay: some are labels that the law requires.
        tags = dict(source.metadata) | {RECORD_TAG: json.dumps(record, ensure_ascii=False)}
        self._out = av.open(str(path), "w", format="mp4", options={"movflags": "+faststart+use_metadata_tags"})
        self._out.metadata.update(tags)
        with self._errors():
            for stream in (*source.streams.video[:1], *source.streams.audio[:1]):
                self._streams[stream.index] = self._out.add_stream_from_template(stream)

    def add(self, packet: Packet[Any]) -> None:
        if packet.dts is None or self.failed:
            return
        with self._errors():
            packet.stream = self._streams[packet.stream.index]
            self._out.mux(packet)

    def close(self) -> None:
        with self._errors():
            self._out.close()

    @contextlib.contextmanager
    def _errors(self) -> Iterator[None]:
        """Note a failure: a container that cannot be rewritten is not damaged, and the caller keeps the file as it came."""
        try:
            yield
        except (FFmpegError, ValueError) as error:
            if getattr(error, "errno", None) in NO_ROOM:
                raise
            self.failed = True


@contextlib.contextmanager
def _reading() -> Iterator[None]:
    try:
        yield
    except (FFmpegError, ValueError, UnicodeError) as error:
        if getattr(error, "errno", None) in NOT_THE_FILE:
            raise
        raise BadMedia("decode_failed", f"The video cannot be decoded: {error}") from error


def prepare(request: dict[str, Any]) -> dict[str, Any]:
    limits = MediaLimits(**request["limits"])
    source, workdir = Path(request["source"]), Path(request["workdir"])
    paths = {"final": workdir / "final.mp4", "poster": workdir / "poster.webp", "preview": workdir / "preview.mp4"}
    check_boxes(source)
    with _opened(source) as container:
        stream = _video_stream(container, limits)
        facts = _stream_facts(container, stream)
        remux = Remux(paths["final"], container, request["record"])
        poster, preview = Poster(), Preview(paths["preview"])
        seen = _pass(container, stream, remux, poster, preview)
        claimed_s = float(stream.duration * stream.time_base) if stream.duration and stream.time_base else None
    remux.close()
    preview.close()
    _check_duration(seen.duration_s, claimed_s, request["expected_duration_s"])
    colour = poster.save(paths["poster"])
    return {
        **{name: str(path) for name, path in paths.items()},
        **facts,
        **_file_facts(source, paths["final"], kept_as_is=remux.failed),
        "width_px": seen.width_px,
        "height_px": seen.height_px,
        "duration_s": round(seen.duration_s, 3),
        "average_colour": colour,
    }


@contextlib.contextmanager
def _opened(path: Path) -> Iterator[InputContainer]:
    # The format is given so that a disguised playlist or script cannot make the library open other addresses.
    with _reading():
        container = av.open(str(path), format="mp4", metadata_errors="replace", options={"protocol_whitelist": "file"})
    with container:
        yield container


def _video_stream(container: InputContainer, limits: MediaLimits) -> VideoStream:
    if not container.streams.video:
        raise BadMedia("no_video", "The file has no video track")
    stream = container.streams.video[0]
    context = stream.codec_context
    if context is None:
        raise BadMedia("no_video", "The video track has no codec that is known here")
    if context.width * context.height > limits.max_pixels:
        raise BadMedia("too_many_pixels", f"The video claims {context.width} x {context.height} pixels")
    if container.duration is not None and container.duration / av.time_base > limits.max_duration_s:
        raise BadMedia("too_long", f"The video claims to be longer than {limits.max_duration_s:g} s")
    context.options = {"err_detect": "explode", "max_pixels": str(limits.max_pixels)}
    context.thread_count = THREADS
    stream.thread_type = "AUTO"
    return stream


def _stream_facts(container: InputContainer, stream: VideoStream) -> dict[str, Any]:
    context = stream.codec_context
    rate = stream.average_rate or stream.guessed_rate
    return {
        "codec": context.name,
        "fps": round(float(rate), 3) if rate else 0.0,
        "has_audio": bool(container.streams.audio),
        "browser_playable": context.name == "h264" and context.pix_fmt in PLAYABLE_FORMATS,
    }


def _pass(container: InputContainer, stream: VideoStream, remux: Remux, poster: Poster, preview: Preview) -> Seen:
    seen = Seen()
    rate = stream.average_rate or stream.guessed_rate
    frame_s = float(1 / rate) if rate else 0.0
    for packet in _packets(container):
        with _reading():
            frames = packet.decode()
        for frame in frames:
            if isinstance(frame, VideoFrame):
                if frame.is_corrupt:
                    raise BadMedia("decode_failed", "The video has a damaged picture")
                at_s = seen.add(frame, frame_s)
                poster.offer(frame, at_s)
                preview.offer(frame, at_s)
        remux.add(packet)
    if seen.frames == 0:
        raise BadMedia("decode_failed", "The video track has no pictures")
    return seen


def _packets(container: InputContainer) -> Iterator[Packet[Any]]:
    wanted = (*container.streams.video[:1], *container.streams.audio[:1])
    packets = container.demux(*wanted)
    while True:
        with _reading():
            packet = next(packets, None)
        if packet is None:
            return
        if packet.is_corrupt:
            raise BadMedia("decode_failed", "The file has a damaged packet")
        yield packet


def _check_duration(decoded_s: float, claimed_s: float | None, expected_s: float | None) -> None:
    if claimed_s is not None and abs(decoded_s - claimed_s) > _slack(claimed_s):
        raise BadMedia("wrong_duration", f"The file says {claimed_s:.2f} s, its pictures last {decoded_s:.2f} s")
    if expected_s is not None and decoded_s < expected_s - _slack(expected_s):
        raise BadMedia("wrong_duration", f"The vendor says {expected_s:.2f} s, the pictures last {decoded_s:.2f} s")


def _slack(duration_s: float) -> float:
    return max(DURATION_SLACK_S, duration_s * DURATION_SLACK_RATIO)


def _file_facts(source: Path, final: Path, *, kept_as_is: bool) -> dict[str, Any]:
    if kept_as_is:
        shutil.copyfile(source, final)
    if not is_faststart(check_boxes(final)) and not kept_as_is:
        raise RuntimeError("the rewritten file has its index at the end")
    return {
        "size_bytes": final.stat().st_size,
        "sha256": _sha256(final),
        "source_sha256": _sha256(source),
    }


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _end_with_parent(parent: int) -> None:
    """Exit when the worker has gone: a killed one must not leave decoders behind."""
    while os.getppid() == parent:
        time.sleep(0.5)
    os._exit(3)


def main() -> int:
    threading.Thread(target=_end_with_parent, args=(os.getppid(),), daemon=True).start()
    request = json.load(sys.stdin)
    limits = MediaLimits(**request["limits"])
    for name, value in (("RLIMIT_AS", limits.memory_bytes), ("RLIMIT_CPU", limits.cpu_s), ("RLIMIT_CORE", 0)):
        with contextlib.suppress(AttributeError, ValueError, OSError):  # a platform without it: the parent's time limit still holds
            resource.setrlimit(getattr(resource, name), (value, value))
    answer: dict[str, Any]
    try:
        answer = {"facts": prepare(request)}
    except BadMedia as error:
        answer = {"error": {"code": error.code, "message": error.message}}
    except (OSError, FFmpegError) as error:
        if error.errno not in NO_ROOM:
            raise
        answer = {"errno": error.errno}
    json.dump(answer, sys.stdout)
    return 0


if __name__ == "__main__":
    sys.exit(main())
