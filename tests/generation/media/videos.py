"""Small real videos made for the tests, good and damaged."""

import array
import contextlib
import json
import struct
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import av
from av.container import OutputContainer
from PIL import Image, ImageDraw

FPS = 12


def record_of(path: Path) -> Any:
    """Return the generation record that the portal wrote into this file, or None."""
    with av.open(path) as container:
        return json.loads(container.metadata.get("videoportal", "null"))


def make_video(
    *,
    duration_s: float = 2.0,
    size: tuple[int, int] = (160, 90),
    codec: str = "libx264",
    pix_fmt: str = "yuv420p",
    audio: bool = True,
    black_s: float = 0.0,
    movflags: str = "",
    options: dict[str, str] | None = None,
    tags: dict[str, str] | None = None,
) -> bytes:
    with _written(movflags) as (container, written):
        container.metadata.update(tags or {})
        video = container.add_stream(codec, rate=FPS, options={"preset": "ultrafast", "g": "6"} | (options or {}))
        video.width, video.height, video.pix_fmt = *size, pix_fmt
        sound = container.add_stream("aac", rate=44_100, layout="mono") if audio else None
        for number in range(round(duration_s * FPS)):
            container.mux(video.encode(av.VideoFrame.from_image(picture(number, size, black=number / FPS < black_s))))
        container.mux(video.encode(None))
        if sound:
            for frame in _tone(duration_s):
                container.mux(sound.encode(frame))
            container.mux(sound.encode(None))
        container.close()
        return written.read_bytes()


def make_sound() -> bytes:
    with _written("") as (container, written):
        sound = container.add_stream("aac", rate=44_100, layout="mono")
        for frame in _tone(0.5):
            container.mux(sound.encode(frame))
        container.mux(sound.encode(None))
        container.close()
        return written.read_bytes()


def make_quicktime() -> bytes:
    """A whole video with a telephone sound track, which has no place in an mp4."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "made.mov"
        with av.open(path, "w", format="mov") as container:
            video = container.add_stream("libx264", rate=FPS, options={"preset": "ultrafast"})
            video.width, video.height, video.pix_fmt = 160, 90, "yuv420p"
            sound = container.add_stream("pcm_mulaw", rate=8000, layout="mono")
            for number in range(FPS):
                container.mux(video.encode(av.VideoFrame.from_image(picture(number, (160, 90)))))
            container.mux(video.encode(None))
            frame = av.AudioFrame(format="s16", layout="mono", samples=8000)
            frame.sample_rate, frame.pts = 8000, 0
            frame.planes[0].update(bytes(16_000))
            container.mux(sound.encode(frame))
            container.mux(sound.encode(None))
        return path.read_bytes()


@contextlib.contextmanager
def _written(movflags: str) -> Iterator[tuple[OutputContainer, Path]]:
    # A real file: moving the index to the front opens it a second time.
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "made.mp4"
        with av.open(path, "w", format="mp4", options={"movflags": movflags} if movflags else {}) as container:
            yield container, path


def picture(number: int, size: tuple[int, int], *, black: bool = False) -> Image.Image:
    if black:
        return Image.new("RGB", size)
    image = Image.effect_noise(size, 40).convert("RGB")
    ImageDraw.Draw(image).rectangle((number, 10, number + 50, 60), fill=(250, 200, 20))
    return image


def _tone(duration_s: float) -> Iterator[av.AudioFrame]:
    for number in range(int(duration_s * 44_100 / 1024)):
        frame = av.AudioFrame(format="fltp", layout="mono", samples=1024)
        frame.sample_rate, frame.pts = 44_100, number * 1024
        frame.planes[0].update(array.array("f", [0.1 * (step % 50) / 50 for step in range(1024)]).tobytes())
        yield frame


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
