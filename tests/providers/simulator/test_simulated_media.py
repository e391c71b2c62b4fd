"""The videos: real H.264 of the asked size and length, with the words on it, served with ranges and for a while."""

from __future__ import annotations

import io
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import av
import pytest
import requests
from PIL import ImageChops

from providers.simulator.media.clip import Clip
from providers.simulator.media.encode import encode
from providers.simulator.media.lettering import fitted, lettering
from providers.simulator.media.paint import painted, scene_of
from providers.simulator.serve_media import damaged, span_of
from providers.simulator.testing import SimulatorProcess
from tests.cases import in_one_test
from tests.providers.simulator.simulator_callers import DashScopeCaller, KlingCaller

CLIP = Clip(width_px=416, height_px=240, duration_s=1, text="一只袋鼠举起牌子", caption="kling-v1  ·  8300")
DAY_S = 86_400


def boxes(content: bytes) -> list[str]:
    names, at = [], 0
    while at < len(content):
        names.append(content[at + 4 : at + 8].decode())
        at += int.from_bytes(content[at : at + 4], "big")
    return names


def measured(content: bytes) -> tuple[str, str, int, int, int, float]:
    with av.open(io.BytesIO(content)) as container:
        stream = container.streams.video[0]
        frames = sum(1 for _ in container.decode(stream))
        context = stream.codec_context
        seconds = float(stream.duration * stream.time_base)
        return context.name, context.pix_fmt, stream.width, stream.height, frames, seconds


@pytest.fixture(scope="module")
def full() -> Iterator[SimulatorProcess]:
    with SimulatorProcess(media="full") as simulator:
        yield simulator


@pytest.fixture
def url(dashscope_api: DashScopeCaller) -> str:
    return dashscope_api.finished(dashscope_api.task())["video_url"]


def test_encoded_clip_has_exact_size_length_and_faststart(tmp_path: Path) -> None:
    path = tmp_path / "clip.mp4"

    encode(CLIP, path)

    assert measured(path.read_bytes()) == ("h264", "yuv420p", 416, 240, 24, 1.0)


def test_mov_has_all_colour_and_uncompressed_sound_of_the_same_length(tmp_path: Path) -> None:
    path = tmp_path / "clip.mov"

    encode(replace(CLIP, is_mov=True), path)

    assert measured(path.read_bytes()) == ("h264", "yuv444p", 416, 240, 24, 1.0)
    with av.open(path) as container:
        sound = container.streams.audio[0]
        assert (container.format.name.split(",")[0], sound.codec_context.name, float(sound.duration * sound.time_base)) == (
            "mov",
            "pcm_s16le",
            1.0,
        )
    assert boxes(path.read_bytes())[:2] == ["ftyp", "moov"]
    assert list(tmp_path.iterdir()) == [path]


def test_clip_that_is_not_faststart_has_its_index_at_the_end(tmp_path: Path) -> None:
    path = tmp_path / "clip.mp4"

    encode(replace(CLIP, is_faststart=False), path)

    assert boxes(path.read_bytes())[-1] == "moov"
    assert measured(path.read_bytes())[4] == 24


@pytest.mark.slow
def test_server_delivers_the_asked_size_and_length(full: SimulatorProcess) -> None:
    caller = DashScopeCaller(full.base("dashscope"))
    model = {"model": "wan2.6-t2v", "parameters": {"size": "720*1280", "duration": 2}}

    url = caller.finished(caller.task("一只可爱的卡通袋鼠", **model))["video_url"]
    content = requests.get(url, timeout=60).content

    assert measured(content) == ("h264", "yuv420p", 720, 1280, 48, 2.0)
    assert len(content) < 150_000


@in_one_test(
    ("text", "lines"),
    [
        ("a boat", ["a boat"]),
        ("雨后的石板路", ["雨后的石板路"]),
        ("", []),
        ("word " * 200, 4),
        ("字" * 400, 4),
        ("x" * 300, 4),
    ],
)
def test_words_are_wrapped_to_fit(text: str, lines: list[str] | int) -> None:
    font, wrapped = fitted(text, side_px=720, room_px=1180)

    assert (wrapped if isinstance(lines, list) else len(wrapped)) == lines
    assert all(font.getlength(line) <= 1180 for line in wrapped)


def test_every_chinese_character_of_the_prompt_is_drawn_with_a_different_shape() -> None:
    drawn = {lettering(replace(CLIP, text=character)).letters.tobytes() for character in "袋鼠举牌雨霓虹潮"}

    assert len(drawn) == 8


def test_picture_moves_and_differs_by_prompt() -> None:
    first, *_, last = painted(CLIP, frames=24, fps=24)
    other = scene_of(replace(CLIP, text="another prompt"))

    assert ImageChops.difference(first[0], last[0]).getbbox() is not None
    assert scene_of(CLIP).sky.tobytes() == scene_of(CLIP).sky.tobytes()
    assert scene_of(CLIP).sky.tobytes() != other.sky.tobytes()


def test_tiny_media_is_one_clip_for_all_of_a_length(kling: KlingCaller) -> None:
    def downloaded(prompt: str, duration: str) -> bytes:
        done = kling.finished(kling.task(prompt, duration=duration))
        return requests.get(done["task_result"]["videos"][0]["url"], timeout=20).content

    one, two, long = downloaded("one", "5"), downloaded("two", "5"), downloaded("long", "10")

    assert one == two
    assert measured(one)[2:] == (64, 64, 120, 5.0)
    assert measured(long)[2:] == (64, 64, 240, 10.0)


def test_whole_file_has_length_tag_and_type(url: str) -> None:
    answer = requests.get(url, timeout=20)

    assert answer.status_code == 200
    assert answer.headers["Content-Type"] == "video/mp4"
    assert int(answer.headers["Content-Length"]) == len(answer.content)
    assert answer.headers["Accept-Ranges"] == "bytes"
    assert answer.headers["ETag"].startswith('"')


def test_range_gives_that_part_and_head_gives_none(url: str) -> None:
    whole = requests.get(url, timeout=20)
    size, tag = len(whole.content), whole.headers["ETag"]

    part = requests.get(url, headers={"Range": "bytes=100-199", "If-Range": tag}, timeout=20)
    rest = requests.get(url, headers={"Range": f"bytes={size - 10}-"}, timeout=20)
    changed = requests.get(url, headers={"Range": "bytes=0-9", "If-Range": '"old"'}, timeout=20)
    beyond = requests.get(url, headers={"Range": f"bytes={size}-"}, timeout=20)
    head = requests.head(url, timeout=20)

    assert (part.status_code, part.content) == (206, whole.content[100:200])
    assert part.headers["Content-Range"] == f"bytes 100-199/{size}"
    assert (rest.status_code, rest.content) == (206, whole.content[-10:])
    assert (changed.status_code, len(changed.content)) == (200, size)
    assert (beyond.status_code, beyond.headers["Content-Range"]) == (416, f"bytes */{size}")
    assert (head.content, int(head.headers["Content-Length"])) == (b"", size)


@in_one_test(
    ("header", "span"),
    [
        ("bytes=0-0", (0, 1)),
        ("bytes=5-", (5, 100)),
        ("bytes=-5", (95, 100)),
        ("bytes=-500", (0, 100)),
        ("bytes=90-200", (90, 100)),
        ("bytes=100-", None),
        ("bytes=9-5", None),
        ("bytes=-", None),
        ("items=0-1", None),
        ("bytes=0-1,5-6", None),
    ],
)
def test_range_header(header: str, span: tuple[int, int] | None) -> None:
    assert span_of(header, 100) == span


def test_url_expires_while_the_task_can_still_be_asked(kling: KlingCaller, simulator: SimulatorProcess) -> None:
    simulator.settings(result_ttl_s=60)
    task = kling.task()
    url = kling.finished(task)["task_result"]["videos"][0]["url"]

    assert requests.get(url, timeout=20).status_code == 200
    simulator.advance(61)
    assert requests.get(url, timeout=20).status_code == 403
    assert kling.poll(task).json()["data"]["task_status"] == "succeed"


def test_url_of_dashscope_lives_a_day(url: str, simulator: SimulatorProcess) -> None:
    simulator.advance(DAY_S - 60)
    assert requests.get(url, timeout=20).status_code == 200
    simulator.advance(120)
    assert requests.get(url, timeout=20).status_code == 403


def test_url_that_was_tampered_with_is_not_found(url: str) -> None:
    assert requests.get(url.replace("expires=", "expires=9"), timeout=20).status_code == 404
    assert requests.get(url.partition("?")[0], timeout=20).status_code == 404


def test_damage_is_what_its_name_says(tmp_path: Path) -> None:
    path = tmp_path / "clip.mp4"
    encode(CLIP, path)
    sound = path.read_bytes()

    holed = damaged(sound, "media-hole")

    assert len(holed) == len(sound)
    assert boxes(holed) == boxes(sound)
    assert holed != sound
    assert len(damaged(sound, "media-short")) == int(len(sound) * 0.6)
    assert damaged(sound, "media-empty") == b""
    assert damaged(sound, None) == sound
