"""A painted clip becomes an H.264 mp4, or a mov with full colour and a quiet tone. Runs in a child process; only this module needs PyAV."""

from __future__ import annotations

import math
import os
from array import array
from fractions import Fraction
from pathlib import Path

from providers.simulator.media.clip import Clip
from providers.simulator.media.paint import painted

FPS = 24
SOUND_HZ = 48_000
_TONE = array("h", (round(1000 * math.sin(2 * math.pi * 220 * at / SOUND_HZ)) for at in range(SOUND_HZ))).tobytes()
"""A second of 220 Hz at -30 dB."""
_X264 = {"preset": "superfast", "crf": "29", "x264-params": "keyint=96"}


def encode(clip: Clip, path: Path) -> None:
    """Write the clip's file: complete or not at all."""
    import av  # here, because the server itself does not need it

    draft = path.with_suffix(".part")
    options = {"movflags": "+faststart"} if clip.is_faststart else {}
    with av.open(os.fspath(draft), "w", format="mov" if clip.is_mov else "mp4", options=options) as container:
        stream = container.add_stream("libx264", rate=FPS, options=_X264)
        stream.width, stream.height, stream.pix_fmt = clip.width_px, clip.height_px, "yuv444p" if clip.is_mov else "yuv420p"
        stream.time_base = Fraction(1, FPS)
        stream.thread_count = 1
        sound = container.add_stream("pcm_s16le", rate=SOUND_HZ, layout="mono") if clip.is_mov else None
        for number, planes in enumerate(painted(clip, frames=clip.duration_s * FPS, fps=FPS)):
            frame = av.VideoFrame(clip.width_px, clip.height_px, "yuv420p")
            for plane, picture in zip(frame.planes, planes, strict=True):
                plane.update(picture.tobytes("raw", "L", plane.line_size, 1))
            frame.pts, frame.time_base = number, Fraction(1, FPS)
            container.mux(stream.encode(frame.reformat(format=stream.pix_fmt)))
        container.mux(stream.encode(None))
        if sound is not None:
            tone = av.AudioFrame(format="s16", layout="mono", samples=clip.duration_s * SOUND_HZ)
            tone.planes[0].update((_TONE * clip.duration_s).ljust(tone.planes[0].buffer_size, b"\0"))
            tone.rate, tone.pts, tone.time_base = SOUND_HZ, 0, Fraction(1, SOUND_HZ)
            container.mux(sound.encode(tone))
            container.mux(sound.encode(None))
    draft.replace(path)
