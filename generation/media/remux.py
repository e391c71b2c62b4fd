"""The copy of a video's tracks into an mp4, for files that lose nothing by it. In the child process only."""

from __future__ import annotations  # Packet is generic in its stubs only

import contextlib
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import av
from av.container import InputContainer
from av.error import FFmpegError
from av.packet import Packet
from av.video.stream import VideoStream

from generation.media.containers import Container
from generation.media.mp4 import check_boxes, has_label, is_faststart
from generation.media.nal import units_of
from generation.media.prepare import NO_ROOM
from generation.media.reading import codec_of, opened, reading

__all__ = ["Remux", "fits_in_mp4"]

RECORD_TAG = "videoportal"
MP4_VIDEO = frozenset({"h264", "hevc", "av1", "vp9", "mpeg4"})
MP4_SOUND = frozenset({"aac", "mp3", "ac3", "eac3", "opus", "flac", "alac"})
"""What players look for in an mp4. FFmpeg also writes others, such as PCM, which then nothing plays."""
OWN_TAGS = frozenset({"hvc1", "dvh1"})
SETS_AMONG_PICTURES = frozenset({"avc3", "dvav"})
"""H.264 whose parameter sets are not in the index, where a copy would look for them."""


def fits_in_mp4(container: InputContainer, kind: Container) -> bool:
    """Return whether a copy of the tracks in an mp4 has everything that the file has, and plays wherever it does."""
    if kind.keeps_marks or kind.suffix == ".webm":
        return False
    video, sounds = container.streams.video[0], container.streams.audio
    return (
        len(container.streams.video) == 1
        and len(sounds) <= 1
        and not container.streams.subtitles
        and codec_of(video) in MP4_VIDEO
        and video.codec_tag not in SETS_AMONG_PICTURES
        and all(codec_of(sound) in MP4_SOUND for sound in sounds)
    )


class Remux:
    """Copies packets unchanged into an mp4 with its index first and the record among its metadata."""

    def __init__(self, path: Path, kind: Container, source: InputContainer, record: dict[str, Any]) -> None:
        self._path, self._kind, self._source = path, kind, Path(source.name)
        self._failed, self._pictures = False, 0
        self._streams: dict[int, Any] = {}
        self._undated: list[Packet[Any]] = []
        # The vendor's tags stay: some are labels that the law requires.
        tags = dict(source.metadata) | {RECORD_TAG: json.dumps(record, ensure_ascii=False)}
        self._out = av.open(str(path), "w", format="mp4", options={"movflags": "+faststart+use_metadata_tags"})
        self._out.metadata.update(tags)
        video = source.streams.video[0]
        with self._errors():
            for stream in (video, *source.streams.audio[:1]):
                # Not `opaque`, the default for pictures, would look for an encoder of the decoder's name.
                self._streams[stream.index] = self._out.add_stream_from_template(stream, opaque=True)
            if tag := _tag_of(self._source, kind, video):
                self._streams[video.index].codec_context.codec_tag = tag

    def add(self, packet: Packet[Any]) -> None:
        """Copy a packet, unless something failed before; one without bytes only says that a track ends."""
        if packet.size == 0 or self._failed:
            return
        is_picture = packet.stream.type == "video"
        if is_picture and packet.is_discard:  # hidden by an edit list, which a copy would not have
            self._failed = True
            return
        with self._errors():
            packet.stream = self._streams[packet.stream.index]
            if is_picture:
                self._add_picture(packet)
            else:
                self._out.mux(packet)

    def _add_picture(self, packet: Packet[Any]) -> None:
        """Copy a picture. Matroska only says when pictures are shown, so when the first ones are decoded is counted back from the next."""
        self._pictures += 1
        self._undated.append(packet)
        if packet.dts is None:
            return
        for place, one in enumerate(reversed(self._undated)):
            one.dts = packet.dts - place * (packet.duration or 1)
        self._out.mux(self._undated)
        self._undated.clear()

    def finished(self) -> Path | None:
        """Close the file and return it, or None if it lacks something that the source has."""
        with self._errors():
            self._out.close()
        return self._path if not self._failed and not self._undated and self._has_all() else None

    def _has_all(self) -> bool:
        boxes = check_boxes(self._path)
        with av.open(str(self._path), format="mp4", metadata_errors="replace") as copy:
            is_whole = copy.streams.video[0].frames == self._pictures and is_faststart(boxes)
        is_labelled = self._kind.demuxer == "mp4" and has_label(self._source, check_boxes(self._source))
        return is_whole and (has_label(self._path, boxes) or not is_labelled)

    @contextlib.contextmanager
    def _errors(self) -> Iterator[None]:
        """Note a failure: a container that cannot be rewritten is not damaged, and the caller keeps the file as it came."""
        try:
            yield
        except (FFmpegError, ValueError) as error:
            if getattr(error, "errno", None) in NO_ROOM:
                raise
            self._failed = True


def _tag_of(source: Path, kind: Container, stream: VideoStream) -> str | None:
    """Return the name that the track must have in an mp4, or None for the usual one."""
    if codec_of(stream) != "hevc" or stream.codec_tag in OWN_TAGS:
        return stream.codec_tag if stream.codec_tag in OWN_TAGS else None
    units = units_of("hevc", stream.codec_context.extradata)
    if units is None or not units.are_sets_in_record():
        return None
    with opened(source, kind) as again, reading():
        pictures = (bytes(packet) for packet in again.demux(again.streams.video[0]))
        return None if units.are_sets_among(pictures) else "hvc1"
