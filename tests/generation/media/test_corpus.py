"""Whole files of every build are published rightly; damaged ones never are. What is published is read again with FFmpeg's own readers."""

from __future__ import annotations

from pathlib import Path

import av
import pytest
from PIL import Image

from generation.media.errors import BadMedia
from tests.generation.media.conftest import Prepare
from tests.generation.media.corpus import WHOLE, damaged
from tests.generation.media.videos import prepared

pytestmark = pytest.mark.slow


def read(path: Path) -> tuple[list[float], float, set[bytes], list[int]]:
    """Return when each picture is shown and how long all last, in seconds, all packets, and the numbers of the colours."""
    with av.open(path) as file:
        frames = list(file.decode(video=0))
        context = file.streams.video[0].codec_context
        silent_s = file.duration / av.time_base if "matroska" in file.format.name and not file.streams.audio else 0.0
    with av.open(path) as file:
        packets = {bytes(packet) for packet in file.demux(*file.streams.video, *file.streams.audio)}
    end_s = max(silent_s, frames[-1].time + float(frames[-1].duration * frames[-1].time_base))
    colours = [context.color_primaries, context.color_trc, context.colorspace, context.color_range]
    return [round(frame.time, 2) for frame in frames], end_s - frames[0].time, packets, colours


@pytest.mark.parametrize("name", WHOLE)
def test_a_whole_file_is_published_as_what_it_is(prepare: Prepare, name: str) -> None:
    case = WHOLE[name]
    data = case.make()

    info = prepare(data)

    facts = (info.final.suffix, info.codec, (info.width_px, info.height_px), info.has_audio, info.browser_playable)
    assert facts == (case.suffix, case.codec, case.size, case.has_audio, case.plays)
    assert (info.final.read_bytes() == data) is case.is_kept
    assert info.duration_s == pytest.approx(case.duration_s, abs=0.05)
    source, final = read(info.final.with_name("source")), read(info.final)
    assert (final[0], final[2:]) == (source[0], source[2:])
    assert final[1] == pytest.approx(info.duration_s, abs=0.05)
    with av.open(info.final) as file:
        assert file.streams.video[0].codec_tag == (case.tag or file.streams.video[0].codec_tag)
    with Image.open(info.poster) as poster:
        assert poster.width / poster.height == pytest.approx(info.width_px / info.height_px, abs=0.03)


def test_no_damaged_file_is_published(tmp_path: Path) -> None:
    published, tried = [], 0
    for what, data in damaged():
        tried += 1
        try:
            prepared(data, tmp_path)
        except BadMedia:
            continue
        published.append(what)

    assert (published, tried >= 500) == ([], True)
