"""Whole videos in every build that vendors and gateways send, and damaged copies. Made with PyAV, so nothing need be installed."""

from __future__ import annotations

import os
import random
import struct
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

from tests.generation.media.videos import box, edited, make_video, turned, with_credentials, with_hole

os.environ.setdefault("SVT_LOG", "0")  # the encoder of AV1 writes a page about itself for each file
X265 = {"x265-params": "log-level=none"}
VP9 = {"deadline": "realtime", "cpu-used": "8"}
FRAGMENTS = "frag_keyframe+empty_moov+default_base_moof"


@dataclass(frozen=True, kw_only=True)
class Case:
    """A whole file and what becomes of it. `tag`: the track's name in the file; `is_kept`: byte for byte as it came."""

    make: Callable[[], bytes]
    suffix: str = ".mp4"
    codec: str = "h264"
    size: tuple[int, int] = (160, 90)
    duration_s: float = 1.0
    has_audio: bool = True
    plays: bool = True
    tag: str = ""
    is_kept: bool = False


def short(**options: object) -> Callable[[], bytes]:
    return lambda: make_video(**({"duration_s": 1.0} | options))


def held(data: bytes, until_s: float) -> bytes:
    """Let a Matroska file end later: its Duration is a number of milliseconds (RFC 9559, 5.1.2.10)."""
    at = data.index(b"\x44\x89\x88") + 3
    return data[:at] + struct.pack(">d", until_s * 1000) + data[at + 8 :]


def labelled(data: bytes) -> bytes:
    """Append a box with the label of generated videos, in a place that FFmpeg does not read."""
    return data + box(b"udta", b'AIGC{"Label":"1"}')


WHOLE: Mapping[str, Case] = {
    "h264, index last": Case(make=short()),
    "h264, index first": Case(make=short(movflags="faststart")),
    "h264, b-frames": Case(make=short(options={"preset": "medium", "bf": "3"})),
    "h264, silent": Case(make=short(audio=False), has_audio=False),
    "h264, fragments": Case(make=short(movflags=FRAGMENTS)),
    "h264, fragments without index": Case(make=short(movflags=FRAGMENTS + "+skip_trailer")),
    "h264, 10 bit": Case(make=short(pix_fmt="yuv420p10le"), plays=False),
    "h264, odd size": Case(make=short(pix_fmt="yuv444p", size=(161, 91)), size=(161, 91), plays=False),
    "h264, ac3": Case(make=short(sound="ac3"), plays=False),
    "h264, mp3": Case(make=short(sound="libmp3lame")),
    "h264, opus": Case(make=short(sound="libopus")),
    "h264, flac": Case(make=short(sound="flac", options={"preset": "medium"})),
    "hevc, hvc1": Case(make=short(codec="libx265", options=X265, tag="hvc1"), codec="hevc", tag="hvc1", plays=False),
    "hevc, hev1": Case(make=short(codec="libx265", options=X265), codec="hevc", tag="hvc1", plays=False),
    "hevc, sets among pictures": Case(
        make=short(codec="libx265", options={"x265-params": "log-level=none:repeat-headers=1"}), codec="hevc", tag="hev1", plays=False
    ),
    "hevc, hdr": Case(
        make=short(
            codec="libx265",
            options=X265,
            pix_fmt="yuv420p10le",
            colours={"color_primaries": 9, "color_trc": 16, "colorspace": 9},
            tag="hvc1",
        ),
        codec="hevc",
        tag="hvc1",
        plays=False,
    ),
    "av1": Case(make=short(codec="libsvtav1", options={"preset": "12"}), codec="av1"),
    "av1, 10 bit": Case(make=short(codec="libsvtav1", options={"preset": "12"}, pix_fmt="yuv420p10le"), codec="av1", plays=False),
    "vp9 in mp4": Case(make=short(codec="libvpx-vp9", options=VP9), codec="vp9"),
    "held last picture": Case(make=short(lasting={11: 48}, audio=False), duration_s=59 / 12, has_audio=False),
    "held last picture, b-frames": Case(make=short(lasting={11: 48}, options={"preset": "medium", "bf": "3"}), duration_s=59 / 12),
    "slide show": Case(make=short(duration_s=0.25, lasting={0: 12, 1: 24, 2: 24}, audio=False), duration_s=5.0, has_audio=False),
    "variable rate": Case(make=short(lasting={1: 2, 4: 3, 5: 5, 9: 2}), duration_s=20 / 12),
    "on its side": Case(make=lambda: turned(make_video(duration_s=1.0), (0, 1, -1, 0)), size=(90, 160)),
    "on its other side": Case(make=lambda: turned(make_video(duration_s=1.0), (0, -1, 1, 0)), size=(90, 160)),
    "upside down": Case(make=lambda: turned(make_video(duration_s=1.0), (-1, 0, 0, -1))),
    "mirrored": Case(make=lambda: turned(make_video(duration_s=1.0), (-1, 0, 0, 1))),
    "edit list": Case(
        make=lambda: edited(make_video(duration_s=1.0, audio=False, options={"preset": "medium", "bf": "3"}), 0.5),
        duration_s=0.5,
        has_audio=False,
        is_kept=True,
    ),
    "line end behind it": Case(make=lambda: make_video(duration_s=1.0) + b"\r\n"),
    "13 zeros behind it": Case(make=lambda: make_video(duration_s=1.0, movflags="faststart") + bytes(13)),
    "4096 zeros behind it": Case(make=lambda: make_video(duration_s=1.0) + bytes(4096)),
    "300 random bytes behind it": Case(make=lambda: make_video(duration_s=1.0, movflags="faststart") + random.Random(5).randbytes(300)),
    "random bytes behind fragments": Case(make=lambda: make_video(duration_s=1.0, movflags=FRAGMENTS) + random.Random(6).randbytes(300)),
    "mov, h264": Case(make=short(container="mov")),
    "mov, hevc": Case(make=short(container="mov", codec="libx265", options=X265, tag="hvc1"), codec="hevc", tag="hvc1", plays=False),
    "mov, pcm": Case(make=short(container="mov", sound="pcm_s16le"), suffix=".mov", plays=False, is_kept=True),
    "mov, prores": Case(
        make=short(container="mov", codec="prores_ks", pix_fmt="yuv422p10le", options={"preset": ""}, sound="pcm_s16le"),
        suffix=".mov",
        codec="prores",
        plays=False,
        is_kept=True,
    ),
    "webm, vp9": Case(
        make=short(container="webm", codec="libvpx-vp9", options=VP9, sound="libopus"), suffix=".webm", codec="vp9", is_kept=True
    ),
    "webm, vp8": Case(
        make=short(container="webm", codec="libvpx", options=VP9, sound="libopus"), suffix=".webm", codec="vp8", is_kept=True
    ),
    "webm, av1": Case(
        make=short(container="webm", codec="libsvtav1", options={"preset": "12"}, sound="libopus"),
        suffix=".webm",
        codec="av1",
        is_kept=True,
    ),
    "webm, odd size": Case(
        make=short(container="webm", codec="libvpx-vp9", options=VP9, audio=False, size=(161, 91)),
        suffix=".webm",
        codec="vp9",
        size=(161, 91),
        has_audio=False,
        is_kept=True,
    ),
    "webm, bytes behind it": Case(
        make=lambda: make_video(duration_s=1.0, container="webm", codec="libvpx-vp9", options=VP9, sound="libopus") + b"\r\n",
        suffix=".webm",
        codec="vp9",
        is_kept=True,
    ),
    "webm, held last picture": Case(
        make=lambda: held(make_video(duration_s=0.5, container="webm", codec="libvpx-vp9", options=VP9, audio=False), 4.0),
        suffix=".webm",
        codec="vp9",
        duration_s=4.0,
        has_audio=False,
        is_kept=True,
    ),
    "mkv, held last picture": Case(
        make=lambda: held(make_video(duration_s=0.5, container="matroska", audio=False), 4.0),
        suffix=".mkv",
        duration_s=4.0,
        has_audio=False,
        plays=False,
        is_kept=True,
    ),
    "mkv, h264": Case(make=short(container="matroska")),
    "mkv, h264, b-frames": Case(make=short(container="matroska", options={"preset": "medium", "bf": "3"})),
    "mkv, hevc": Case(make=short(container="matroska", codec="libx265", options=X265), codec="hevc", tag="hvc1", plays=False),
    "mkv, vp8": Case(
        make=short(container="matroska", codec="libvpx", options=VP9, sound="libopus"),
        suffix=".mkv",
        codec="vp8",
        plays=False,
        is_kept=True,
    ),
    "content credentials": Case(make=lambda: with_credentials(make_video(duration_s=1.0, movflags="faststart")), is_kept=True),
    "content credentials, index last": Case(make=lambda: with_credentials(make_video(duration_s=1.0)), is_kept=True),
    "label in a box": Case(make=lambda: labelled(make_video(duration_s=1.0)), is_kept=True),
}

END_IS_NOT_NEEDED = ("behind", "fragments", "label")
"""Words in the names of files that may lose their end: it is no part of the video, or the file cannot show that it is missing
(`Container.is_cut_visible` is false).
"""
PIECE_BYTES = 512


def damaged() -> Iterator[tuple[str, bytes]]:
    """Yield more than 500 files that are not whole, each with what happened to it: the same ones in every run."""
    chance = random.Random(11)
    for name, case in WHOLE.items():
        if any(word in name for word in END_IS_NOT_NEEDED):
            continue
        data = case.make()
        for kind in ("cut", "gone", "twice"):
            for at in chance.sample(range(64, len(data) - PIECE_BYTES), 4):
                rest = {"cut": b"", "gone": data[at + PIECE_BYTES :], "twice": data[at - PIECE_BYTES :]}[kind]
                yield f"{name}: {kind} at {at} of {len(data)}", data[:at] + rest
    for options in ({"codec": "libx265", "options": X265}, {}):
        data = make_video(duration_s=1.0, audio=False, **options)
        for number in range(10):
            yield f"{options}: hole {number}", with_hole(data, number / 9)
