"""The walks through boxes and elements on bytes of every kind: an answer or BadMedia, never another error."""

import contextlib
import random
import tempfile
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from generation.media.containers import checked
from generation.media.errors import BadMedia
from generation.media.mp4 import check_boxes, is_faststart
from tests.generation.media.videos import make_video

WHOLE = make_video(duration_s=0.25, audio=False, tags={"comment": "made here"}, movflags="use_metadata_tags")
INDEX = WHOLE.index(b"moov") - 4
WEBM = make_video(duration_s=0.25, audio=False, container="webm", codec="libvpx", size=(32, 32))


def _look(data: bytes) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "file"
        path.write_bytes(data)
        with contextlib.suppress(BadMedia):
            checked(path)


@given(st.binary(max_size=400))
def test_walk_answers_whatever_follows_a_good_start(tail: bytes) -> None:
    _look(WHOLE[:32] + tail)


@given(st.integers(INDEX, len(WHOLE) - 1), st.binary(min_size=1, max_size=8))
def test_walk_answers_whatever_is_written_into_the_index(at: int, patch: bytes) -> None:
    _look(WHOLE[:at] + patch + WHOLE[at + len(patch) :])


@given(st.integers(4, len(WEBM) - 1), st.binary(min_size=1, max_size=8))
def test_walk_answers_whatever_is_written_into_a_webm(at: int, patch: bytes) -> None:
    _look(WEBM[:at] + patch + WEBM[at + len(patch) :])


def test_walk_finds_every_cut_of_a_webm(tmp_path: Path) -> None:
    path = tmp_path / "file"

    for size in random.Random(3).sample(range(9, len(WEBM)), 100):
        path.write_bytes(WEBM[:size])
        with pytest.raises(BadMedia, match="ends"):
            checked(path)


def test_walk_finds_every_cut(tmp_path: Path) -> None:
    path, chance = tmp_path / "file", random.Random(3)

    for size in chance.sample(range(9, len(WHOLE)), 100):
        path.write_bytes(WHOLE[:size])
        with contextlib.suppress(BadMedia):
            check_boxes(path)
            raise AssertionError(f"a file cut at {size} of {len(WHOLE)} passed")


def test_walk_lists_the_boxes_of_a_whole_file(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_bytes(WHOLE)

    boxes = check_boxes(path)

    assert [box.kind for box in boxes] == ["ftyp", "free", "mdat", "moov"]
    assert is_faststart(boxes) is False
    assert boxes[-1].end == len(WHOLE)
