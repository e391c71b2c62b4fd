"""Real files for benchmarks: an H.264 clip of a moving, slightly grainy picture, with pink noise as sound if wanted; and a large file."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import av
from av.filter import Graph

__all__ = ["FPS", "make_clip", "make_large"]

FPS = 24
SOUND_HZ = 48_000


def make_clip(path: Path, *, size: tuple[int, int] = (1920, 1080), seconds: int = 10, has_sound: bool = False) -> Path:
    """Write an mp4 of this size and length; 1080p has about 10 Mbit/s, as vendors' clips do."""
    with av.open(str(path), "w", format="mp4") as out:
        video = out.add_stream("libx264", rate=FPS, options={"preset": "veryfast", "crf": "22"})
        video.width, video.height, video.pix_fmt = *size, "yuv420p"
        sound = out.add_stream("aac", rate=SOUND_HZ, layout="stereo") if has_sound else None
        source = f"size={size[0]}x{size[1]}:rate={FPS}:duration={seconds}"
        for number, frame in enumerate(_made(("testsrc2", source), ("noise", "alls=7:allf=t"), ("format", "yuv420p"), ("buffersink", ""))):
            frame.pts, frame.time_base, frame.pict_type = number, Fraction(1, FPS), 0
            out.mux(video.encode(frame))
        out.mux(video.encode(None))
        if sound is not None:
            noise = ("anoisesrc", f"color=pink:amplitude=0.3:sample_rate={SOUND_HZ}:duration={seconds}")
            for heard in _made(noise, ("aformat", "sample_fmts=fltp:channel_layouts=stereo"), ("abuffersink", "")):
                heard.pts = None
                out.mux(sound.encode(heard))
            out.mux(sound.encode(None))
    return path


def _made(*steps):
    graph, before = Graph(), None
    for name, arguments in steps:
        step = graph.add(name, arguments or None)
        if before is not None:
            before.link_to(step)
        before = step
    graph.configure()
    while True:
        try:
            yield graph.pull()
        except (av.error.BlockingIOError, av.error.EOFError):
            return


def make_large(path: Path, size_bytes: int) -> Path:
    """Write a file that begins like an mp4, for downloads that are not decoded."""
    start = (24).to_bytes(4) + b"ftypisom" + bytes(4) + b"isommp42" + (size_bytes - 24).to_bytes(4) + b"mdat"
    block = bytes(range(256)) * 4096
    with path.open("wb") as file:
        file.write(start)
        for left in range(size_bytes - len(start), 0, -len(block)):
            file.write(block[:left])
    return path
