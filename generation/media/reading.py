"""Opening vendor files with PyAV: what it raises about the file becomes BadMedia. In the child process only."""

from __future__ import annotations

import contextlib
import errno
from collections.abc import Iterator
from pathlib import Path

import av
from av.audio.stream import AudioStream
from av.container import InputContainer
from av.error import FFmpegError
from av.video.stream import VideoStream

from generation.media.containers import Container
from generation.media.errors import BadMedia
from generation.media.prepare import NO_ROOM

__all__ = ["codec_of", "opened", "reading"]

NOT_THE_FILE = NO_ROOM | {errno.ENOMEM, errno.EIO, errno.EMFILE, errno.EAGAIN, errno.EACCES, errno.ENOENT}


@contextlib.contextmanager
def reading() -> Iterator[None]:
    try:
        yield
    except (FFmpegError, ValueError, UnicodeError) as error:
        if getattr(error, "errno", None) in NOT_THE_FILE:
            raise
        raise BadMedia("decode_failed", f"The video cannot be decoded: {error}") from error


@contextlib.contextmanager
def opened(path: Path, kind: Container) -> Iterator[InputContainer]:
    # The format is given so that a disguised playlist or script cannot make the library open other addresses.
    with reading():
        container = av.open(str(path), format=kind.demuxer, metadata_errors="replace", options={"protocol_whitelist": "file"})
    with container:
        yield container


def codec_of(stream: VideoStream | AudioStream) -> str:
    """Return the codec's own name, whatever decodes it; empty where nothing here does."""
    return stream.codec_context.codec.canonical_name if stream.codec_context else ""
