"""One picture of a video, as players show it at a moment: all of its pixels as a PNG, or as posters. In the child process only."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

from av.container import InputContainer
from av.video.frame import VideoFrame
from av.video.reformatter import Colorspace, VideoReformatter
from av.video.stream import VideoStream
from PIL import Image

from generation.media.pictures import Poster, turn_of
from generation.media.reading import reading

__all__ = ["frame_at", "made_of"]

SLACK_S = 0.001
"""Browsers round the time of a picture to microseconds; the pictures of 240 a second are 4 ms apart."""
HIGH_DEFINITION_PX = 720
"""From this height on, browsers take the colours of a file that does not say to be those of BT.709, below it BT.601 (Chromium,
media/ffmpeg/ffmpeg_common.cc: `AVStreamToVideoDecoderConfig`)."""
UNSPECIFIED = 2
"""AVCOL_SPC_UNSPECIFIED."""


def frame_at(container: InputContainer, stream: VideoStream, at_s: float | None) -> VideoFrame | None:
    """Return the picture that players show at this time of the file: the first one if the time is before it, the last one for None. Return
    None if the file has no pictures.
    """
    until_s = math.inf if at_s is None else at_s + SLACK_S
    end_s = float(stream.duration * stream.time_base) if stream.duration and stream.time_base else 0.0
    near_s = min(until_s, end_s)
    if near_s > 0 and stream.time_base:
        with reading():
            container.seek(int(near_s / stream.time_base), stream=stream)
        if (found := _last_before(container, stream, until_s)) is not None:
            return found
    with reading():
        container.seek(0, stream=stream)  # the picture that the seek found begins later: the one before depends on earlier ones
    return _last_before(container, stream, until_s, or_first=True)


def _last_before(container: InputContainer, stream: VideoStream, until_s: float, *, or_first: bool = False) -> VideoFrame | None:
    found = None
    with reading():
        for packet in container.demux(stream):
            for frame in packet.decode():
                assert isinstance(frame, VideoFrame)
                if frame.time is not None and frame.time > until_s:
                    return frame if found is None and or_first else found
                found = frame
    return found


def made_of(frame: VideoFrame, folder: Path, *, posters: bool) -> dict[str, Any]:
    """Write the picture into `folder`. Return the paths as text: `frame`, or those of posters with their colour."""
    if posters:
        poster = Poster()
        poster.offer(frame, 0.0)
        main, others, colour = poster.save(folder)
        return {"poster": str(main), "other_posters": {width: str(path) for width, path in others.items()}, "average_colour": colour}
    path = folder / "frame.png"
    _image(frame).save(path, "PNG", compress_level=3)
    return {"frame": str(path)}


def _image(frame: VideoFrame) -> Image.Image:
    is_unspecified_hd = frame.colorspace == UNSPECIFIED and min(frame.width, frame.height) >= HIGH_DEFINITION_PX
    source = Colorspace.ITU709 if is_unspecified_hd else None
    image: Image.Image = VideoReformatter().reformat(frame, format="rgb24", src_colorspace=source).to_image()  # type: ignore[no-untyped-call,unused-ignore]
    turn = turn_of(frame)
    return image if turn is None else image.transpose(turn)
