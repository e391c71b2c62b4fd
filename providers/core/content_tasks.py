"""What vendors share whose tasks take a list of contents: text, images, videos and sounds, each with its role.

A task is one object, a list filtered by ids has many, and a DELETE stops a waiting task but erases a finished one. Paths, options and
errors are each vendor's own.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from providers.core.catalog import param
from providers.core.errors import ProviderError, Refused
from providers.core.replies import snapshot_by_word, text_of, units_of
from providers.core.rules import FRAMES_OR_REFERENCES, LAST_NEEDS_FIRST, Rule
from providers.core.types import Exchange, GenerationRequest, Output, Snapshot, State, WireRequest

__all__ = [
    "EXPIRED",
    "REFERENCE_RULES",
    "SOUNDS_NOT_ALONE",
    "VIDEOS_TAKEN_UP",
    "batch_query",
    "cancel_waiting",
    "content",
    "contents_of",
    "reference_sounds",
    "reference_videos",
    "snapshot_of",
]

EXPIRED = "expired"
"""The vendor dropped the task when its time was over."""
IMAGE_ROLES: Mapping[str, str] = {"first_frame": "first_frame", "last_frame": "last_frame", "references": "reference_image"}
VIDEOS_TAKEN_UP = "Public addresses of videos whose people, things or movements the video uses."
SOUNDS_TAKEN_UP = "Public addresses of sounds whose voices or music the video uses."


def reference_videos(limits: str = "", *, most: int = 3) -> Any:
    """Declare an option for up to `most` videos by their addresses; `limits` is a sentence on what each may be."""
    examples = [["https://files.example/walk.mp4"], ["https://files.example/walk.mp4", "https://files.example/street.mp4"]]
    return param((), "Reference videos", f"{VIDEOS_TAKEN_UP} {limits}".strip(), max_length=most, examples=examples)


def reference_sounds(limits: str = "", *, most: int = 3) -> Any:
    """Declare an option for up to `most` sounds by their addresses; `limits` is a sentence on what each may be."""
    examples = [["https://files.example/voice.mp3"], ["https://files.example/voice.mp3", "https://files.example/song.wav"]]
    return param((), "Reference sounds", f"{SOUNDS_TAKEN_UP} {limits}".strip(), max_length=most, examples=examples)


REFERENCE_RULES = (
    LAST_NEEDS_FIRST,
    FRAMES_OR_REFERENCES,
    Rule(
        "inputs.first_frame",
        "Reference videos or sounds and frames exclude each other.",
        lambda first_frame, last_frame, reference_videos, reference_sounds: (
            (first_frame or last_frame) and (reference_videos or reference_sounds)
        ),
    ),
)
"""Frames say how a video begins and ends, references what is in it: never both."""
SOUNDS_NOT_ALONE = Rule(
    "reference_sounds",
    "Reference sounds need a reference image or video as well.",
    lambda references, reference_videos, reference_sounds: reference_sounds and not (references or reference_videos),
)


def contents_of(request: GenerationRequest, videos: Sequence[str] = (), sounds: Sequence[str] = ()) -> list[dict[str, Any]]:
    """Return the words, the images of every slot, then reference videos and sounds by their addresses."""
    text = [{"type": "text", "text": request.prompt}] if request.prompt else []
    images = [content("image_url", file.data_uri, IMAGE_ROLES[slot]) for slot, files in request.inputs.items() for file in files]
    clips = [content("video_url", url, "reference_video") for url in videos]
    return [*text, *images, *clips, *(content("audio_url", url, "reference_audio") for url in sounds)]


def content(kind: str, url: str, role: str) -> dict[str, Any]:
    """Return one item of the contents: `kind` is image_url, video_url or audio_url."""
    return {"type": kind, kind: {"url": url}, "role": role}


def snapshot_of(
    task: Mapping[str, Any],
    *,
    output: Callable[[Mapping[str, Any]], Output],
    failure: Callable[[str, Mapping[str, Any]], ProviderError],
    log: logging.Logger,
) -> Snapshot:
    """Return what a task's object means. `failure` is given the vendor's word too: an expired task need not carry an error."""
    word = text_of(task, "status")
    return snapshot_by_word(word, log, output=lambda: output(task), failure=lambda: failure(word, task), units=units_of(task.get("usage")))


def batch_query(path: str, ids: Sequence[str]) -> WireRequest:
    """Ask for the list, filtered by ids, on one page."""
    return WireRequest(method="GET", path=path, query={"page_num": 1, "page_size": len(ids), "filter.task_ids": ids})


def cancel_waiting(snapshot: Snapshot, path: str, vendor: str) -> Exchange[None]:
    """Stop a task that waits. The same DELETE erases a finished one, so it is sent for waiting ones only."""
    if snapshot.state is not State.QUEUED:
        raise Refused(f"{vendor} stops only what has not begun to render.", vendor_code=snapshot.vendor_state)
    yield WireRequest(method="DELETE", path=path)
