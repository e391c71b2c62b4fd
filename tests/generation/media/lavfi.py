"""Clips from FFmpeg's own sources, and what its own detectors say of them: the second opinion on `generation/media/quality.py`."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path

import av
from av.audio.frame import AudioFrame
from av.filter import Graph
from av.filter.context import FilterContext
from av.video.frame import VideoFrame

FPS = 24


def clip(path: Path, *pictures: str, sound: str = "", crf: int = 23) -> bytes:
    """Write an mp4 that shows each chain of filters in turn, such as `testsrc2=s=320x180:r=24:d=2,fade=in:0:12`; return its bytes."""
    with av.open(str(path), "w", format="mp4") as out:
        track = out.add_stream("aac", rate=48_000, layout="stereo") if sound else None
        video = out.add_stream("libx264", rate=FPS, options={"preset": "ultrafast", "crf": str(crf)})
        for number, frame in enumerate(frame for chain in pictures for frame in _made(f"{chain},format=yuv420p", "buffersink")):
            if number == 0:
                video.width, video.height, video.pix_fmt = frame.width, frame.height, "yuv420p"
            frame.pts, frame.time_base, frame.pict_type = number, Fraction(1, FPS), 0
            out.mux(video.encode(frame))
        out.mux(video.encode(None))
        if track:
            for heard in _made(f"{sound},aformat=sample_fmts=fltp:channel_layouts=stereo:sample_rates=48000", "abuffersink"):
                heard.pts = None
                out.mux(track.encode(heard))
            out.mux(track.encode(None))
    return path.read_bytes()


def said(path: Path, detector: str) -> dict[str, list[float]]:
    """Return what a detector such as `blackdetect=d=1` writes about the file, without its own prefix: `{"black_start": [1.5], ...}`."""
    found: dict[str, list[float]] = {}
    is_sound = detector.startswith("silence")
    with av.open(str(path)) as container:
        stream = container.streams.audio[0] if is_sound else container.streams.video[0]
        graph = Graph()
        source = graph.add_abuffer(template=stream) if is_sound else graph.add_buffer(template=stream)
        _chained(graph, source, f"{detector},{'abuffersink' if is_sound else 'buffersink'}")
        for frame in (*container.decode(stream), None):
            graph.push(frame)
            for out in _pulled(graph):
                for name, value in out.metadata.items():
                    found.setdefault(name.rpartition(".")[2], []).append(float(value))
    return found


def _made(chain: str, sink: str) -> Iterator[VideoFrame | AudioFrame]:
    graph = Graph()
    _chained(graph, None, f"{chain},{sink}")
    yield from _pulled(graph)


def _chained(graph: Graph, before: FilterContext | None, chain: str) -> None:
    for part in chain.split(","):
        name, _, arguments = part.partition("=")
        step = graph.add(name, arguments or None)
        if before is not None:
            before.link_to(step)
        before = step
    graph.configure()


def _pulled(graph: Graph) -> Iterator[VideoFrame | AudioFrame]:
    while True:
        try:
            yield graph.pull()
        except (av.error.BlockingIOError, av.error.EOFError):
            return
