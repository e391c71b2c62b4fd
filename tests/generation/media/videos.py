"""Small real videos made for the tests, good and damaged."""

import array
import contextlib
import json
import random
import struct
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import asdict
from fractions import Fraction
from itertools import accumulate
from pathlib import Path
from typing import Any

import av
from av.container import OutputContainer
from PIL import Image, ImageDraw

from generation.media import child
from generation.media.prepare import MediaLimits, VideoInfo, info_of

FPS = 12
C2PA = bytes.fromhex("d8fec3d61b0e483c92975828877ec481")
"""The kind of the `uuid` box with content credentials (C2PA specification 2.4, A.5.1.1)."""


def record_of(path: Path) -> Any:
    """Return the generation record that the portal wrote into this file, or None."""
    with av.open(path) as container:
        return json.loads(container.metadata.get("videoportal", "null"))


def prepared(
    data: bytes, folder: Path, *, record: dict[str, Any] | None = None, expected_duration_s: float | None = None, **limits: float
) -> VideoInfo:
    """Do what the child does with these bytes, in this process."""
    source = folder / "source"
    source.write_bytes(data)
    request = {
        "source": str(source),
        "workdir": str(folder),
        "record": record or {},
        "measure": True,
        "limits": asdict(MediaLimits(**limits)),
    }
    return info_of(child.prepare({**request, "expected_duration_s": expected_duration_s}))


def make_video(
    *,
    duration_s: float = 2.0,
    size: tuple[int, int] = (160, 90),
    codec: str = "libx264",
    pix_fmt: str = "yuv420p",
    audio: bool = True,
    sound: str = "aac",
    black_s: float = 0.0,
    container: str = "mp4",
    movflags: str = "",
    tag: str = "",
    colours: dict[str, int] | None = None,
    lasting: Mapping[int, int] | None = None,
    options: dict[str, str] | None = None,
    tags: dict[str, str] | None = None,
) -> bytes:
    """Return a video with noise and a yellow square at the left that walks. `lasting`: how many times the usual a picture stays on."""
    with _written(movflags, container) as (file, written):
        file.metadata.update(tags or {})
        video = file.add_stream(codec, rate=FPS, options={"preset": "ultrafast", "g": "6"} | (options or {}))
        video.width, video.height, video.pix_fmt = *size, pix_fmt
        for name, value in (colours or {}).items():
            setattr(video.codec_context, name, value)
        if tag:
            video.codec_context.codec_tag = tag
        track = file.add_stream(sound, rate=48_000 if "opus" in sound else 44_100, layout="mono") if audio else None
        starts = _starts(round(duration_s * FPS), lasting or {})
        for number, start in enumerate(starts[:-1]):
            frame = av.VideoFrame.from_image(picture(number, size, black=number / FPS < black_s))
            frame.pts, frame.time_base = start, Fraction(1, FPS)
            file.mux(_timed(video.encode(frame), starts))
        file.mux(_timed(video.encode(None), starts))
        if track:
            for frame in _tone(duration_s, track):
                file.mux(track.encode(frame))
            file.mux(track.encode(None))
        file.close()
        return written.read_bytes()


def _starts(pictures: int, lasting: Mapping[int, int]) -> list[int]:
    """Return when each picture starts, and when the last one ends, in usual lengths."""
    return [0, *accumulate(lasting.get(number, 1) for number in range(pictures))]


def _timed(packets: list[av.Packet], starts: list[int]) -> list[av.Packet]:
    """Say of each packet how long its picture stays on."""
    for packet in packets:
        at = starts.index(round(packet.pts * packet.time_base * FPS))
        packet.duration = round(Fraction(starts[at + 1] - starts[at], FPS) / packet.time_base)
    return packets


def make_sound() -> bytes:
    with _written("", "mp4") as (container, written):
        sound = container.add_stream("aac", rate=44_100, layout="mono")
        for frame in _tone(0.5, sound):
            container.mux(sound.encode(frame))
        container.mux(sound.encode(None))
        container.close()
        return written.read_bytes()


@contextlib.contextmanager
def _written(movflags: str, container: str) -> Iterator[tuple[OutputContainer, Path]]:
    # A real file: moving the index to the front opens it a second time.
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "made"
        with av.open(path, "w", format=container, options={"fflags": "+bitexact"} | ({"movflags": movflags} if movflags else {})) as file:
            yield file, path


def picture(number: int, size: tuple[int, int], *, black: bool = False) -> Image.Image:
    if black:
        return Image.new("RGB", size)
    noise = Image.frombytes("L", size, random.Random(number).randbytes(size[0] * size[1]))
    image = noise.point(lambda value: 60 + value * 138 // 255).convert("RGB")
    ImageDraw.Draw(image).rectangle((number, 10, number + 50, 60), fill=(250, 200, 20))
    return image


def _tone(duration_s: float, track: av.AudioStream) -> Iterator[av.AudioFrame]:
    context = track.codec_context
    fitting = av.AudioResampler(format=context.format, layout=context.layout, rate=context.sample_rate)
    for number in range(int(duration_s * 44_100 / 1024)):
        frame = av.AudioFrame(format="fltp", layout="mono", samples=1024)
        frame.sample_rate, frame.pts = 44_100, number * 1024
        frame.planes[0].update(array.array("f", [0.1 * (step % 50) / 50 for step in range(1024)]).tobytes())
        yield from fitting.resample(frame)


def box_start(data: bytes, kind: bytes) -> int:
    """Where a top-level box begins."""
    at = 0
    while data[at + 4 : at + 8] != kind:
        at += struct.unpack(">I", data[at : at + 4])[0]
    return at


def without_box(data: bytes, kind: bytes) -> bytes:
    at = box_start(data, kind)
    return data[:at] + data[at + struct.unpack(">I", data[at : at + 4])[0] :]


def with_box_size(data: bytes, kind: bytes, size: int) -> bytes:
    at = box_start(data, kind)
    return data[:at] + struct.pack(">I", size) + data[at + 4 :]


def with_hole(data: bytes, share: float, length: int = 512) -> bytes:
    """Zeros inside mdat, at a share of its length."""
    at = box_start(data, b"mdat")
    size = struct.unpack(">I", data[at : at + 4])[0]
    hole = at + 16 + int((size - 16 - length) * share)
    return data[:hole] + bytes(length) + data[hole + length :]


def with_claimed_size(data: bytes, width: int, height: int) -> bytes:
    """A lie in the sample entry (avc1) about the size of the pictures."""
    at = data.index(b"avc1", box_start(data, b"moov")) + 4 + 24
    return data[:at] + struct.pack(">HH", width, height) + data[at + 4 :]


def box(kind: bytes, payload: bytes) -> bytes:
    return struct.pack(">I", 8 + len(payload)) + kind + payload


def turned(data: bytes, matrix: tuple[int, int, int, int]) -> bytes:
    """Write a display matrix (a, b, c, d) into the header of the first track."""
    at = data.index(b"tkhd", box_start(data, b"moov")) + 4 + 40
    a, b, c, d = (number << 16 for number in matrix)
    return data[:at] + struct.pack(">9i", a, b, 0, c, d, 0, 0, 0, 1 << 30) + data[at + 36 :]


def edited(data: bytes, share: float) -> bytes:
    """Let the edit list of the first track show only a share of it."""
    at = data.index(b"elst", box_start(data, b"moov")) + 12
    length = struct.unpack(">I", data[at : at + 4])[0]
    return data[:at] + struct.pack(">I", int(length * share)) + data[at + 4 :]


def with_credentials(data: bytes) -> bytes:
    """Put content credentials behind `ftyp` and move the chunks' addresses by as much."""
    added = box(b"uuid", C2PA + bytes(4) + b"manifest\0" + bytes(8) + box(b"jumb", bytes(200)))
    at = struct.unpack(">I", data[:4])[0]
    moved, start = bytearray(data), 0
    while (start := data.find(b"stco", start + 1)) > 0:
        count = struct.unpack(">I", data[start + 8 : start + 12])[0]
        for place in range(start + 12, start + 12 + 4 * count, 4):
            moved[place : place + 4] = struct.pack(">I", struct.unpack(">I", data[place : place + 4])[0] + len(added))
    return bytes(moved[:at]) + added + bytes(moved[at:])
