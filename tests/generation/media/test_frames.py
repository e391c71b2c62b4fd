"""The picture that is on at a moment, compared with all pictures decoded one after the other."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path

import av
import pytest
from PIL import Image, ImageChops, ImageStat

from generation.media import child
from generation.media.prepare import MediaLimits, picture_of
from tests.cases import in_one_test
from tests.generation.media.videos import FPS, make_video

ABOUT = 2.0
"""How far two conversions to RGB may be apart in the mean."""


def every_picture(path: Path) -> list[tuple[float, Image.Image]]:
    with av.open(path) as container:
        return [(float(frame.time), frame.to_image()) for frame in container.decode(video=0)]


def saved(path: Path, at_s: float | None) -> Image.Image:
    request = {"source": str(path), "workdir": str(path.parent), "at_s": at_s, "posters": False, "limits": asdict(MediaLimits())}
    with Image.open(child.picture(request)["frame"]) as image:
        assert image.format == "PNG"
        return image.convert("RGB")


def size_of(path: Path) -> tuple[int, int]:
    with Image.open(path) as image:
        return image.size


def difference(one: Image.Image, other: Image.Image) -> float:
    """Return how far two pictures are apart, in the mean of all their values."""
    return sum(ImageStat.Stat(ImageChops.difference(one, other)).mean) / 3


def is_it(pictures: list[tuple[float, Image.Image]], number: int, one: Image.Image) -> bool:
    """Return whether it is this picture, and not one beside it."""
    beside = [pictures[other][1] for other in (number - 1, number + 1) if 0 <= other < len(pictures)]
    return difference(pictures[number][1], one) < ABOUT and all(difference(other, one) > ABOUT for other in beside)


@pytest.mark.slow
@in_one_test(
    "made",
    [
        {"options": {"bf": "3", "g": "5"}},
        {"options": {"bf": "2", "g": "100"}},
        {"codec": "libvpx-vp9", "container": "webm", "options": {}, "audio": False},
        {"lasting": {3: 9, 11: 4}},
        {"codec": "libx265", "options": {"bf": "3", "g": "8", "x265-params": "log-level=error:open-gop=1"}},
    ],
)
def test_every_picture_is_found_at_its_time_and_until_the_next_one(made, tmp_path):
    (path := tmp_path / "video").write_bytes(make_video(duration_s=1.0, **made))
    pictures = every_picture(path)
    assert len(pictures) == FPS

    for number, (at_s, _picture) in enumerate(pictures):
        ends_s = pictures[number + 1][0] if number + 1 < len(pictures) else at_s + 1 / FPS
        for moment in (round(at_s, 6), (at_s + ends_s) / 2):
            assert is_it(pictures, number, saved(path, moment)), (number, moment)


def test_without_a_time_it_is_the_last_and_before_the_first_it_is_that_one(tmp_path):
    (path := tmp_path / "video").write_bytes(make_video(duration_s=1.0))
    pictures = every_picture(path)

    assert is_it(pictures, FPS - 1, saved(path, None))
    assert is_it(pictures, FPS - 1, saved(path, 999.0))
    assert is_it(pictures, 0, saved(path, 0.0))


def test_colours_of_a_file_that_does_not_say_are_those_of_browsers(tmp_path):
    """From 720 lines on BT.709, as Chromium has it; a conversion by BT.601 is far from the red that was meant."""
    for height, told in ((90, "ITU601"), (720, "ITU709")):
        (path := tmp_path / "video").write_bytes(
            make_video(duration_s=0.25, size=(160, height) if height < 720 else (1280, height), audio=False)
        )
        with av.open(path) as container:
            meant = next(container.decode(video=0)).reformat(format="rgb24", src_colorspace=told).to_image()

        assert difference(saved(path, 0.0), meant) < ABOUT / 10


@pytest.mark.slow
def test_the_child_writes_a_picture_or_posters(tmp_path):
    (path := tmp_path / "video").write_bytes(make_video(duration_s=0.5, size=(1280, 720), audio=False))
    (folder := tmp_path / "made").mkdir()

    whole = picture_of(path, folder, at_s=0.3, posters=False, limits=MediaLimits())
    posters = picture_of(path, folder, at_s=0.3, posters=True, limits=MediaLimits())

    assert whole.frame is not None
    assert posters.poster is not None
    assert size_of(whole.frame) == (1280, 720)
    assert {size_of(one)[0] for one in (posters.poster, *posters.other_posters.values())} == {384, 640, 960}
    assert posters.average_colour.startswith("#")
