"""Whole videos become files and facts; everything else becomes BadMedia, never a crash and never a hang."""

import hashlib
import random
import time
from collections.abc import Callable
from pathlib import Path

import av
import psutil
import pytest
from PIL import Image

from generation.media.errors import BadMedia
from generation.media.prepare import MediaLimits
from tests.cases import in_one_test
from tests.generation.media.conftest import RECORD, Prepare
from tests.generation.media.videos import (
    make_sound,
    make_video,
    record_of,
    turned,
    with_box_size,
    with_claimed_size,
    with_credentials,
    with_hole,
    without_box,
)


@pytest.fixture(scope="module")
def whole() -> bytes:
    return make_video()


@pytest.fixture(scope="module")
def fragmented() -> bytes:
    return make_video(movflags="frag_keyframe+empty_moov+default_base_moof", audio=False)


@pytest.fixture(scope="module")
def faststart() -> bytes:
    return make_video(movflags="faststart")


def test_prepare_returns_the_facts(prepare_apart: Prepare, whole: bytes) -> None:
    info = prepare_apart(whole, expected_duration_s=2)

    assert (info.width_px, info.height_px, info.duration_s, info.fps) == (160, 90, 2.0, 12.0)
    assert (info.codec, info.has_audio, info.browser_playable) == ("h264", True, True)
    assert info.source_sha256 == hashlib.sha256(whole).hexdigest()
    assert info.sha256 == hashlib.sha256(info.final.read_bytes()).hexdigest()
    assert info.size_bytes == info.final.stat().st_size


def test_prepare_writes_the_record_into_the_file(prepare: Prepare, whole: bytes) -> None:
    info = prepare(whole)

    assert record_of(info.final) == RECORD


def test_prepare_puts_the_index_first(prepare: Prepare, whole: bytes) -> None:
    final = prepare(whole).final.read_bytes()

    assert whole.index(b"mdat") < whole.index(b"moov")
    assert final.index(b"moov") < final.index(b"mdat")


def test_prepare_changes_no_picture_and_no_sound(prepare: Prepare, whole: bytes) -> None:
    info = prepare(whole)

    assert _packets(info.final) == _packets(info.final.with_name("source"))


def test_prepare_keeps_the_vendors_own_tags(prepare: Prepare) -> None:
    info = prepare(make_video(tags={"comment": "made by a machine"}, duration_s=0.5))

    with av.open(info.final) as container:
        assert container.metadata["comment"] == "made by a machine"


def test_prepare_keeps_a_file_with_a_sound_that_an_mp4_cannot_hold(prepare: Prepare) -> None:
    data = make_video(duration_s=1, container="mov", sound="pcm_mulaw")

    info = prepare(data)

    assert (info.duration_s, info.sha256, info.final.suffix) == (1.0, info.source_sha256, ".mov")
    assert info.final.read_bytes() == data
    assert record_of(info.final) is None


def test_prepare_keeps_content_credentials(prepare: Prepare, faststart: bytes) -> None:
    data = with_credentials(faststart)

    assert prepare(data).final.read_bytes() == data


def test_a_copy_of_hevc_has_the_name_that_apples_players_take(prepare: Prepare) -> None:
    info = prepare(make_video(duration_s=0.25, codec="libx265", tag="hev1", audio=False, options={"x265-params": "log-level=none"}))

    with av.open(info.final) as container:
        assert container.streams.video[0].codec_tag == "hvc1"


def test_a_turned_video_is_shown_upright(prepare: Prepare) -> None:
    """The square is at the top left of what was filmed."""
    info = prepare(turned(make_video(duration_s=0.5), (0, 1, -1, 0)))

    assert (info.width_px, info.height_px) == (90, 160)
    with Image.open(info.poster) as poster:
        assert poster.size == (90, 160)
        yellow = [red - blue > 100 for red, _, blue in (poster.getpixel((55, 25)), poster.getpixel((20, 130)))]
    assert yellow == [True, False]
    with av.open(info.preview) as container:
        assert (container.streams.video[0].width, container.streams.video[0].height) == (90, 160)


def test_a_last_picture_that_stays_on_is_part_of_the_length(prepare: Prepare) -> None:
    assert prepare(make_video(duration_s=1, audio=False, lasting={11: 48})).duration_s == pytest.approx(59 / 12, abs=0.01)


@pytest.mark.parametrize("tail", [b"\r\n", bytes(5), bytes(13), bytes(4096), random.Random(3).randbytes(300)])
def test_bytes_behind_the_last_box_are_no_damage(prepare: Prepare, whole: bytes, faststart: bytes, tail: bytes) -> None:
    assert [prepare(data + tail).duration_s for data in (whole, faststart)] == [2.0, 2.0]


@pytest.mark.parametrize(
    ("options", "suffix", "playable"),
    [
        ({"container": "webm", "codec": "libvpx-vp9", "sound": "libopus", "options": {"deadline": "realtime"}}, ".webm", True),
        ({"container": "matroska", "options": {"preset": "medium", "bf": "3"}}, ".mp4", True),
        ({"container": "mov"}, ".mp4", True),
    ],
)
def test_other_containers_are_kept_or_become_mp4(prepare: Prepare, options: dict, suffix: str, playable: bool) -> None:
    data = make_video(duration_s=0.5, **options)

    info = prepare(data)

    assert (info.final.suffix, info.browser_playable) == (suffix, playable)
    with av.open(info.final) as container:
        assert len(list(container.decode(video=0))) == 6
    with pytest.raises(BadMedia, match="ends"):
        prepare(data[: len(data) * 2 // 3])


@in_one_test(
    ("size", "main", "others"),
    [
        ((1280, 720), (640, 360), {384: 216, 960: 540}),
        ((720, 1280), (360, 640), {216: 384, 540: 960}),
        ((500, 500), (500, 500), {384: 384}),
        ((98, 50), (98, 50), {}),
    ],
)
def test_posters_have_several_sizes_and_give_the_colour(
    prepare: Prepare, size: tuple[int, int], main: tuple[int, int], others: dict[int, int]
) -> None:
    info = prepare(make_video(size=size, duration_s=0.1, audio=False))

    colour = [int(info.average_colour[at : at + 2], 16) for at in (1, 3, 5)]
    assert set(info.other_posters) == set(others)
    for path, expected in ((info.poster, main), *((info.other_posters[width], (width, others[width])) for width in others)):
        with Image.open(path) as poster:
            assert (poster.format, poster.size) == ("WEBP", expected)
            assert max(abs(round(seen) - said) for seen, said in zip(_mean(poster), colour, strict=True)) <= 3


def test_poster_is_not_the_black_frame_at_the_start(prepare: Prepare) -> None:
    info = prepare(make_video(black_s=1.0))

    with Image.open(info.poster) as poster:
        assert min(_mean(poster)) > 60


def test_poster_exists_when_everything_is_black(prepare: Prepare) -> None:
    assert prepare(make_video(black_s=9, audio=False, duration_s=1)).average_colour == "#000000"


@pytest.mark.parametrize(("size", "shown"), [((640, 360), (480, 270)), ((362, 642), (270, 480)), ((98, 50), (98, 50))])
def test_preview_is_short_small_and_silent(prepare: Prepare, size: tuple[int, int], shown: tuple[int, int]) -> None:
    info = prepare(make_video(size=size, duration_s=4, options={"crf": "40"}))

    with av.open(info.preview) as container:
        stream = container.streams.video[0]
        assert (stream.width, stream.height) == shown
        assert (stream.codec_context.name, stream.codec_context.pix_fmt) == ("h264", "yuv420p")
        assert len(container.streams.audio) == 0
        assert float(stream.duration * stream.time_base) == pytest.approx(3, abs=0.1)
    data = info.preview.read_bytes()
    assert data.index(b"moov") < data.index(b"mdat")


@pytest.mark.parametrize(
    ("options", "codec", "playable"),
    [
        ({"codec": "libx264", "pix_fmt": "yuv444p"}, "h264", False),
        ({"codec": "libx265", "options": {"x265-params": "log-level=none"}}, "hevc", False),
        ({"options": {"preset": "medium", "bf": "3"}}, "h264", True),
        ({"options": {"preset": "medium", "x264-params": "open-gop=1:keyint=5"}}, "h264", True),
        ({"options": {"x264-params": "slices=4"}}, "h264", True),
        ({"options": {"x264-params": "intra-refresh=1"}}, "h264", True),
        ({"movflags": "frag_keyframe+empty_moov+default_base_moof"}, "h264", True),
        ({"movflags": "faststart"}, "h264", True),
        ({"size": (162, 122)}, "h264", True),
    ],
)
def test_prepare_takes_whole_files_of_every_build(prepare: Prepare, options: dict, codec: str, playable: bool) -> None:
    info = prepare(make_video(duration_s=1, **options), expected_duration_s=1)

    assert (info.codec, info.browser_playable, record_of(info.final)) == (codec, playable, RECORD)
    assert info.duration_s == pytest.approx(1, abs=0.1)


def test_prepare_refuses_a_cut_file(prepare_apart: Prepare, whole: bytes) -> None:
    with pytest.raises(BadMedia) as caught:
        prepare_apart(whole[: len(whole) // 2])

    assert (caught.value.code, caught.value.retryable) == ("cut", False)


@pytest.mark.parametrize("percent", [10, 25, 50, 90, 99])
def test_a_cut_file_is_damaged_wherever_its_index_is(prepare: Prepare, whole: bytes, faststart: bytes, percent: int) -> None:
    for data in (whole, faststart):
        with pytest.raises(BadMedia) as caught:
            prepare(data[: len(data) * percent // 100])

        assert caught.value.code == "cut"


@pytest.mark.parametrize("share", [0.0, 0.1, 0.3, 0.5, 0.7, 0.9, 1.0])
def test_prepare_refuses_a_file_with_a_hole(prepare: Prepare, whole: bytes, share: float) -> None:
    with pytest.raises(BadMedia) as caught:
        prepare(with_hole(whole, share))

    assert caught.value.code == "decode_failed"


@pytest.mark.parametrize(
    ("damage", "code"),
    [
        (lambda _: b"", "empty"),
        (lambda _: b"\x00", "not_a_video"),
        (lambda _: b"<!doctype html><title>502</title>" * 40, "not_a_video"),
        (lambda _: b'{"error": {"code": "expired"}}', "not_a_video"),
        (lambda _: random.Random(1).randbytes(20_000), "not_a_video"),
        (lambda data: data[:32] + random.Random(2).randbytes(20_000), "cut"),
        (lambda data: without_box(data, b"moov"), "no_moov"),
        (lambda data: without_box(data, b"mdat"), "no_mdat"),
        (lambda data: with_box_size(data, b"mdat", 7), "broken_boxes"),
        (lambda data: with_box_size(data, b"mdat", 2**31), "cut"),
        (lambda data: with_box_size(data, b"moov", 2**32 - 1), "cut"),
        (lambda _: make_sound(), "no_video"),
    ],
)
def test_prepare_refuses_what_is_not_a_whole_video(prepare: Prepare, whole: bytes, damage: Callable, code: str) -> None:
    with pytest.raises(BadMedia) as caught:
        prepare(damage(whole))

    assert caught.value.code == code


@pytest.mark.parametrize("count", [1, 2, 5, 200])
def test_prepare_answers_whatever_bytes_are_flipped(prepare_apart: Prepare, whole: bytes, count: int) -> None:
    chance, data = random.Random(count), bytearray(whole)
    for _ in range(count):
        data[chance.randrange(len(data))] = chance.randrange(256)

    try:
        prepare_apart(bytes(data), limits=MediaLimits(time_s=30))
        code = "taken"
    except BadMedia as error:
        code = error.code

    assert code in {"taken", "not_a_video", "cut", "broken_boxes", "no_moov", "no_mdat", "decode_failed", "wrong_duration"}


def test_a_fragmented_file_cut_between_fragments_is_measured_by_the_vendors_word(prepare: Prepare, fragmented: bytes) -> None:
    second = fragmented.index(b"moof", fragmented.index(b"moof") + 4) - 4
    cut = fragmented[:second]

    assert prepare(cut).duration_s == 0.5
    with pytest.raises(BadMedia, match=r"The vendor says 2\.00 s") as caught:
        prepare(cut, expected_duration_s=2)
    assert caught.value.code == "wrong_duration"


def test_a_whole_file_is_what_the_vendor_made_whatever_it_says(prepare: Prepare, whole: bytes, fragmented: bytes) -> None:
    assert [prepare(data, expected_duration_s=10).duration_s for data in (whole, fragmented)] == [2.0, 2.0]


def test_prepare_refuses_a_file_of_too_many_pixels(prepare: Prepare, whole: bytes) -> None:
    with pytest.raises(BadMedia) as caught:
        prepare(whole, max_pixels=160 * 90 - 1)

    assert caught.value.code == "too_many_pixels"


def test_prepare_believes_the_pictures_when_the_index_claims_an_absurd_size(prepare: Prepare, whole: bytes) -> None:
    info = prepare(with_claimed_size(whole, 60_000, 60_000))

    assert (info.width_px, info.height_px) == (160, 90)


def test_prepare_refuses_a_file_that_claims_to_be_too_long(prepare: Prepare, whole: bytes) -> None:
    with pytest.raises(BadMedia) as caught:
        prepare(whole, max_duration_s=1.5)

    assert caught.value.code == "too_long"


def children() -> set[int]:
    """Of this test process: other tests may keep a simulator."""
    return {child.pid for child in psutil.Process().children()}


def test_prepare_ends_the_child_when_time_is_over(prepare_apart: Prepare, whole: bytes) -> None:
    started, before = time.monotonic(), children()

    with pytest.raises(BadMedia) as caught:
        prepare_apart(whole, limits=MediaLimits(time_s=0.05))

    assert (caught.value.code, caught.value.retryable) == ("timed_out", True)
    assert time.monotonic() - started < 20
    assert children() == before


def test_prepare_survives_a_child_without_memory(prepare_apart: Prepare, whole: bytes) -> None:
    with pytest.raises(BadMedia) as caught:
        prepare_apart(whole, limits=MediaLimits(memory_bytes=1024 * 1024))

    assert (caught.value.code, caught.value.retryable) == ("crashed", True)


def _packets(path: Path) -> list[tuple[int, bytes]]:
    with av.open(path) as container:
        return sorted((packet.stream.index, bytes(packet)) for packet in container.demux() if packet.size)


def _mean(image: Image.Image) -> list[float]:
    return list(image.convert("RGB").resize((1, 1), Image.Resampling.BOX).getpixel((0, 0)))
