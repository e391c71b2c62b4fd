"""The process that touches vendor bytes: `python -m generation.media.child`, a JSON request on stdin, a JSON answer on stdout.

One pass over the file: every packet is decoded (any error means damage) and copied into the final file; the frames also make the posters
and the preview (`pictures.py`), and `quality.py` measures them. What fits in an mp4 becomes one with its index first; other files are kept
as they came. Run by `prepare.py` only. PyAV is used in this process alone; `web/health_checks.py` asks which codecs it has. A request with
`at_s` is for one picture of a stored file (`frames.py`).

The answer is `{"facts": ...}`, `{"error": {code, message}}` or, if the disk is full, `{"errno": number}`; any other error that is not the
file's fault ends in a traceback.
"""

from __future__ import annotations  # Packet is generic in its stubs only

import contextlib
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
from av.audio.frame import AudioFrame
from av.container import InputContainer
from av.error import FFmpegError
from av.packet import Packet
from av.video.frame import VideoFrame
from av.video.stream import VideoStream

from generation.media.containers import Container, checked
from generation.media.errors import BadMedia
from generation.media.frames import frame_at, made_of
from generation.media.nal import Units, units_of
from generation.media.pictures import Poster, Preview, shown_size
from generation.media.prepare import NO_ROOM, MediaLimits
from generation.media.quality import Quality
from generation.media.reading import codec_of, opened, reading
from generation.media.remux import Remux, fits_in_mp4

THREADS = 2
PLAYABLE_VIDEO = {".mp4": frozenset({"h264", "av1", "vp9"}), ".webm": frozenset({"vp8", "vp9", "av1"})}
PLAYABLE_FORMATS = frozenset({"yuv420p", "yuvj420p"})
PLAYABLE_SOUND = frozenset({"aac", "mp3", "opus", "flac", "vorbis"})
HELD_S = 0.05
DURATION_SLACK_S = 0.5
DURATION_SLACK_RATIO = 0.15


@dataclass
class Seen:
    """The decoded frames: their span in seconds, their count and size as shown; and where the sound ends."""

    first_s: float | None = None
    end_s: float = 0.0
    sound_end_s: float = 0.0
    frames: int = 0
    width_px: int = 0
    height_px: int = 0

    @property
    def duration_s(self) -> float:
        return self.end_s - (self.first_s or 0.0)

    def add(self, frame: VideoFrame, usual_s: float) -> float:
        """Count a frame and return its time since the first one. `usual_s`: how long it lasts if it does not say."""
        at = frame.time if frame.time is not None else self.end_s
        if self.first_s is None:
            self.first_s = at
            self.width_px, self.height_px = shown_size(frame)
        lasts_s = float(frame.duration * frame.time_base) if frame.duration and frame.time_base else usual_s
        self.end_s = max(self.end_s, at + lasts_s)
        self.frames += 1
        return at - self.first_s

    def hold(self, whole_s: float | None) -> bool:
        """Let the last picture stay on until the file ends, as Matroska says it. Return whether that is longer than usual."""
        is_longer = whole_s is not None and whole_s > max(self.end_s, self.sound_end_s) + HELD_S
        if whole_s is not None and is_longer:
            self.end_s = whole_s
        return is_longer

    def hear(self, packet: Packet[Any]) -> None:
        if packet.pts is not None:
            self.sound_end_s = max(self.sound_end_s, float((packet.pts + (packet.duration or 0)) * packet.time_base))


def prepare(request: dict[str, Any]) -> dict[str, Any]:
    limits = MediaLimits(**request["limits"])
    source, workdir = Path(request["source"]), Path(request["workdir"])
    preview_path = workdir / "preview.mp4"
    kind = checked(source)
    with opened(source, kind) as container:
        stream = _video_stream(container, limits)
        facts, plays_in = _stream_facts(container, stream), _plays_in(container, stream)
        remux = Remux(workdir / "final.mp4", kind, container, request["record"]) if fits_in_mp4(container, kind) else None
        poster, preview = Poster(), Preview(preview_path)
        quality = Quality(is_wanted=request["measure"])
        seen = _pass(container, stream, remux, poster, preview, quality)
        stated_s = float(stream.duration * stream.time_base) if stream.duration and stream.time_base else None
        whole_s = container.duration / av.time_base if container.duration else None
    preview.close()
    if kind.demuxer == "mp4":
        _check_length(seen.duration_s, stated_s, "The file says")
    if not kind.is_cut_visible:
        _check_length(max(seen.end_s, seen.sound_end_s), whole_s, "The file says")
        _check_length(seen.duration_s, request["expected_duration_s"], "The vendor says")
    is_held = kind.demuxer == "matroska" and seen.hold(whole_s)  # a copy would lose this
    final = (remux.finished() if remux and not is_held else None) or _kept(source, workdir, kind)
    main, others, colour = poster.save(workdir)
    return {
        "poster": str(main),
        "other_posters": {width: str(path) for width, path in others.items()},
        "preview": str(preview_path),
        **facts,
        **_file_facts(source, final),
        "final": str(final),
        "width_px": seen.width_px,
        "height_px": seen.height_px,
        "duration_s": round(seen.duration_s, 3),
        "average_colour": colour,
        "browser_playable": final.suffix in plays_in,
        "quality": quality.facts(seen.duration_s),
        "not_measured": quality.failures,
    }


def picture(request: dict[str, Any]) -> dict[str, Any]:
    """Write the picture of `at_s`, of which `frames.made_of` returns the paths."""
    source = Path(request["source"])
    with opened(source, checked(source)) as container:
        frame = frame_at(container, _video_stream(container, MediaLimits(**request["limits"])), request["at_s"])
        if frame is None:
            raise BadMedia("decode_failed", "The video track has no pictures")
        return made_of(frame, Path(request["workdir"]), posters=request["posters"])


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
    rate = stream.average_rate or stream.guessed_rate
    return {
        "codec": codec_of(stream),
        "fps": round(float(rate), 3) if rate else 0.0,
        "has_audio": bool(container.streams.audio),
    }


def _plays_in(container: InputContainer, stream: VideoStream) -> frozenset[str]:
    """Return in which kinds of file browsers play these tracks, pictures and sound."""
    sounds = container.streams.audio[:1]
    if stream.codec_context.pix_fmt not in PLAYABLE_FORMATS or not all(codec_of(sound) in PLAYABLE_SOUND for sound in sounds):
        return frozenset()
    return frozenset(suffix for suffix, codecs in PLAYABLE_VIDEO.items() if codec_of(stream) in codecs)


def _pass(container: InputContainer, stream: VideoStream, remux: Remux | None, poster: Poster, preview: Preview, quality: Quality) -> Seen:
    seen = Seen()
    rate = stream.average_rate or stream.guessed_rate
    usual_s = float(1 / rate) if rate else 0.0
    units = units_of(codec_of(stream), stream.codec_context.extradata)
    for packet in _packets(container):
        for frame in _frames(packet, units):
            if isinstance(frame, AudioFrame):
                quality.hear(frame)
                continue
            at_s = seen.add(frame, usual_s)
            poster.offer(frame, at_s)
            preview.offer(frame, at_s)
            quality.look(frame, at_s)
        if packet.stream.type == "audio":
            seen.hear(packet)
        if remux is not None:
            remux.add(packet)
    if seen.frames == 0:
        raise BadMedia("decode_failed", "The video track has no pictures")
    return seen


def _frames(packet: Packet[Any], units: Units | None) -> Iterator[VideoFrame | AudioFrame]:
    """Decode a packet and yield its pictures or sounds. Raises BadMedia if something in it is damaged."""
    if packet.stream.codec_context is None:  # a sound that nothing here decodes is not damaged
        return
    if packet.stream.type == "video" and units is not None and units.has_hole(bytes(packet)):
        raise BadMedia("decode_failed", "A picture has a hole")
    with reading():
        frames = packet.decode()
    for frame in frames:
        if isinstance(frame, VideoFrame) and frame.is_corrupt:
            raise BadMedia("decode_failed", "The video has a damaged picture")
        if isinstance(frame, (VideoFrame, AudioFrame)):
            yield frame


def _packets(container: InputContainer) -> Iterator[Packet[Any]]:
    wanted = (*container.streams.video[:1], *container.streams.audio[:1])
    packets = container.demux(*wanted)
    while True:
        with reading():
            packet = next(packets, None)
        if packet is None:
            return
        if packet.is_corrupt:
            raise BadMedia("decode_failed", "The file has a damaged packet")
        yield packet


def _check_length(decoded_s: float, stated_s: float | None, who_says: str) -> None:
    """Raise if the pictures end before a stated length; lasting longer is not damage."""
    if stated_s is not None and decoded_s < stated_s - _slack(stated_s):
        raise BadMedia("wrong_duration", f"{who_says} {stated_s:.2f} s, the pictures last {decoded_s:.2f} s")


def _slack(duration_s: float) -> float:
    return max(DURATION_SLACK_S, duration_s * DURATION_SLACK_RATIO)


def _kept(source: Path, workdir: Path, kind: Container) -> Path:
    """Return a copy of the source, as it came."""
    final = workdir / f"final{kind.suffix}"
    shutil.copyfile(source, final)
    return final


def _file_facts(source: Path, final: Path) -> dict[str, Any]:
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
        answer = {"facts": picture(request) if "at_s" in request else prepare(request)}
    except BadMedia as error:
        answer = {"error": {"code": error.code, "message": error.message}}
    except (OSError, FFmpegError) as error:
        if error.errno not in NO_ROOM:
            raise
        answer = {"errno": error.errno}
    json.dump(answer, sys.stdout, allow_nan=False)  # no database stores NaN
    return 0


if __name__ == "__main__":
    sys.exit(main())
