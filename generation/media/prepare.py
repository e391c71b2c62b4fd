"""Bytes -> VideoInfo: a downloaded file becomes a checked, playable video with posters, preview and facts, or BadMedia.

`child` does the work in a separate process, because vendor bytes may crash or hang native decoders: it has limits on time, processor and
memory, an environment without secrets, and ends with its whole process group. No Django, no storage, no network.
"""

import errno
import json
import logging
import os
import signal
import subprocess
import sys
import time
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from generation.media.errors import BadMedia

__all__ = ["NO_ROOM", "BadMedia", "MediaLimits", "Picture", "VideoInfo", "info_of", "picture_of", "prepare_video"]

log = logging.getLogger(__name__)

PROJECT_ROOT = Path(__file__).resolve().parents[2]
NO_ROOM = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})
"""Errors of a full disk or quota, which are not the file's fault."""
KEPT_VARIABLES = ("PATH", "LD_LIBRARY_PATH", "SYSTEMROOT", "TMPDIR")


@dataclass(frozen=True, kw_only=True)
class MediaLimits:
    """What one file may cost: wall-clock time, the child's processor time, memory, and the video's size and length."""

    time_s: float = 180.0
    cpu_s: int = 240
    memory_bytes: int = 4 * 1024**3
    max_pixels: int = 36_000_000
    max_duration_s: float = 1800.0


@dataclass(frozen=True, kw_only=True)
class VideoInfo:
    """A checked video: its files in the work directory and the facts about the final one, whose suffix says what it is (mp4, mov, webm or
    mkv). It has the record, unless it is kept as it came. Width and height are as players show them.
    """

    final: Path
    poster: Path
    other_posters: dict[int, Path]
    """Posters by their width in pixels (`generation/media/posters.py`)."""
    preview: Path
    width_px: int
    height_px: int
    duration_s: float
    fps: float
    codec: str
    has_audio: bool
    size_bytes: int
    sha256: str
    source_sha256: str
    average_colour: str
    quality: dict[str, Any]
    """The facts that `generation/media/quality.py` measured."""
    not_measured: dict[str, str]
    """Why the facts of the picture or of the sound are missing."""
    browser_playable: bool
    """mp4 or webm with H.264, AV1, VP8 or VP9 in 8-bit 4:2:0 and a sound that browsers decode; other files are for download only."""


@dataclass(frozen=True, kw_only=True)
class Picture:
    """One picture of a video in the work directory: its PNG, or its posters with their average colour."""

    frame: Path | None = None
    poster: Path | None = None
    other_posters: dict[int, Path]
    average_colour: str = ""


def prepare_video(
    source: Path,
    workdir: Path,
    *,
    record: dict[str, Any],
    expected_duration_s: float | None = None,
    limits: MediaLimits = MediaLimits(),
) -> VideoInfo:
    """Check `source` by decoding all of it and write the final file, the posters and the preview into `workdir`.

    `expected_duration_s`, the length that the vendor reported, is for files that may have lost their end on the way. It counts only
    where the file itself cannot show that; any other whole file is what the vendor made.

    Codes of BadMedia: empty, not_a_video, cut, broken_boxes, no_moov, no_mdat, no_video, decode_failed, wrong_duration, too_many_pixels,
    too_long; and, retryable, timed_out and crashed. A full disk raises OSError.
    """
    request = {
        "source": str(source.resolve()),
        "workdir": str(workdir.resolve()),
        "record": record,
        "expected_duration_s": expected_duration_s,
        "limits": asdict(limits),
    }
    info = info_of(_facts(_answer(request, limits.time_s)))
    for part, why in info.not_measured.items():
        log.warning("the %s of a video could not be measured: %s", part, why)
    return info


def picture_of(source: Path, workdir: Path, *, at_s: float | None, posters: bool, limits: MediaLimits) -> Picture:
    """Write the picture that players show at this second of a checked video into `workdir`; None: its last one. Raises as
    `prepare_video`.
    """
    request = {"source": str(source.resolve()), "workdir": str(workdir.resolve()), "at_s": at_s, "posters": posters}
    facts = _facts(_ask_child(request | {"limits": asdict(limits)}, limits.time_s))
    others = {int(width): Path(path) for width, path in facts.get("other_posters", {}).items()}
    frame, poster = (Path(facts[name]) if name in facts else None for name in ("frame", "poster"))
    return Picture(frame=frame, poster=poster, other_posters=others, average_colour=facts.get("average_colour", ""))


def _facts(answer: dict[str, Any]) -> dict[str, Any]:
    """Return what the child found. Raises what it answered instead."""
    if "errno" in answer:
        raise OSError(answer["errno"], os.strerror(answer["errno"]))
    if "error" in answer:
        raise BadMedia(answer["error"]["code"], answer["error"]["message"])
    facts: dict[str, Any] = answer["facts"]
    return facts


def info_of(facts: dict[str, Any]) -> VideoInfo:
    """Return what the child answered as a value."""
    others = {int(width): Path(path) for width, path in facts["other_posters"].items()}
    return VideoInfo(**facts | {"other_posters": others} | {name: Path(facts[name]) for name in ("final", "poster", "preview")})


def _answer(request: dict[str, Any], time_s: float) -> dict[str, Any]:
    """Ask a child to check and measure the file. If that crashes it, ask another to check only: a measurement must not lose the video."""
    began = time.monotonic()
    try:
        return _ask_child(request | {"measure": True}, time_s)
    except BadMedia as error:
        left_s = time_s - (time.monotonic() - began)
        if error.code != "crashed" or left_s <= 0:
            raise
    return _ask_child(request | {"measure": False}, left_s)


def _ask_child(request: dict[str, Any], time_s: float) -> dict[str, Any]:
    kept = {name: os.environ[name] for name in KEPT_VARIABLES if name in os.environ}
    child = subprocess.Popen(
        [sys.executable, "-m", "generation.media.child"],
        cwd=PROJECT_ROOT,
        env=kept | {"LANG": "C.UTF-8", "PYTHONUTF8": "1"},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        start_new_session=True,
    )
    try:
        out, err = child.communicate(json.dumps(request).encode(), timeout=time_s)
    except subprocess.TimeoutExpired as error:
        raise BadMedia("timed_out", f"The file was not checked within {time_s:g} s", retryable=True) from error
    finally:
        if child.poll() is None:
            os.killpg(child.pid, signal.SIGKILL)  # it leads its own group, so whatever it has started ends with it
        with child:  # reaps it and closes the pipes
            pass
    if child.returncode != 0:
        log.warning("media child ended with %s: %s", child.returncode, err.decode("utf-8", "replace")[-800:])
        raise BadMedia("crashed", "The file made the media check fail", retryable=True)
    answer: dict[str, Any] = json.loads(out)
    return answer
