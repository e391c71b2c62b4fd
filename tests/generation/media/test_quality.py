"""Facts about picture and sound, held against FFmpeg's own detectors and against signals whose loudness is known."""

from __future__ import annotations

import sys
from pathlib import Path

import av
import pytest
from av.audio.frame import AudioFrame

from generation.media.prepare import VideoInfo
from generation.media.quality import Quality
from tests.cases import in_one_test
from tests.generation.media.conftest import Prepare
from tests.generation.media.lavfi import clip, said
from tests.generation.media.videos import prepared, turned

SIZE = "s=320x180:r=24"
MOVING, BLACK, FROZEN = f"testsrc2={SIZE}:d=1", f"color=black:{SIZE}:d=2.5", f"smptebars={SIZE}:d=3"
TINY = "testsrc2=s=64x36:r=24:d=1"
CRASHES_IN_MEASURING = """#!{python}
import os, signal, subprocess, sys
request = sys.stdin.buffer.read()
if b'"measure": true' in request:
    os.kill(os.getpid(), signal.SIGSEGV)
sys.exit(subprocess.run(["{python}", *sys.argv[1:]], input=request).returncode)
"""
NEAR_S = 0.1
"""Pictures are looked at every 0.08 s."""


@pytest.fixture(scope="module")
def spans(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One second that moves, 2.5 s of black, one that moves, 3 s without a change, one that moves; and no sound in a track."""
    path = tmp_path_factory.mktemp("quality") / "spans.mp4"
    clip(path, MOVING, BLACK, MOVING, FROZEN, MOVING, sound="anullsrc=r=48000:d=8.5")
    return path


@pytest.fixture(scope="module")
def measured(spans: Path, tmp_path_factory: pytest.TempPathFactory) -> VideoInfo:
    return prepared(spans.read_bytes(), tmp_path_factory.mktemp("measured"))


def test_black_lasts_as_long_as_blackdetect_says(spans: Path, measured: VideoInfo) -> None:
    theirs = said(spans, "blackdetect=d=1")
    span_s = theirs["black_end"][0] - theirs["black_start"][0]

    assert measured.quality["black_s"] == pytest.approx(span_s, abs=NEAR_S)
    assert measured.quality["black_share"] == pytest.approx(span_s / 8.5, abs=NEAR_S / 8.5)


def test_a_freeze_lasts_as_long_as_freezedetect_says(spans: Path, measured: VideoInfo) -> None:
    theirs = said(spans, "freezedetect=d=1")

    assert theirs["freeze_start"] == [pytest.approx(1.0, abs=NEAR_S), pytest.approx(4.5, abs=NEAR_S)]  # the black is one for it
    assert measured.quality["frozen_s"] == pytest.approx(theirs["freeze_duration"][1], abs=NEAR_S)


def test_silence_is_what_silencedetect_hears(spans: Path, measured: VideoInfo) -> None:
    assert said(spans, "silencedetect=d=1")["silence_start"] == [0.0]
    assert (measured.quality["silent"], measured.quality["loudness_lufs"], measured.quality["peak_dbtp"]) == (True, None, -120.0)


@in_one_test("level_db", [-23, -33])
def test_loudness_of_a_stereo_tone_is_its_level(prepare: Prepare, tmp_path: Path, level_db: int) -> None:
    """EBU Tech 3341 (2016), test cases 1 and 2: a stereo sine of 1 kHz at -23 dBFS has -23 LUFS."""
    quality = prepare(clip(tmp_path / "tone.mp4", TINY, sound=_tone(level_db))).quality

    assert quality["loudness_lufs"] == pytest.approx(level_db, abs=0.5)
    assert quality["peak_dbtp"] == pytest.approx(level_db, abs=1.0)
    assert quality["silent"] is False


def test_a_click_is_silence_and_a_whisper_is_not(prepare: Prepare, tmp_path: Path) -> None:
    click = prepare(clip(tmp_path / "click.mp4", TINY, sound="aevalsrc=0.02*exp(-20000*t):s=48000:d=1")).quality
    whisper = prepare(clip(tmp_path / "whisper.mp4", TINY, sound=_tone(-50))).quality

    assert click["peak_dbtp"] > -60
    assert (click["silent"], whisper["silent"]) == (True, False)


def test_a_file_without_sound_has_no_facts_of_sound(prepare: Prepare, tmp_path: Path) -> None:
    assert prepare(clip(tmp_path / "mute.mp4", TINY)).quality.keys() == {"black_s", "black_share", "frozen_s", "sharpness", "dhash"}


def test_hashes_find_the_same_pictures_in_another_size_coding_and_turn(prepare: Prepare, tmp_path: Path) -> None:
    scene = "mandelbrot=s={}:rate=24:end_pts=200,trim=duration=0.5"
    first = prepare(clip(tmp_path / "a.mp4", scene.format("320x180"))).quality["dhash"]
    again = prepare(clip(tmp_path / "b.mp4", scene.format("160x90"), crf=38)).quality["dhash"]
    on_its_side = clip(tmp_path / "c.mp4", f"{scene.format('320x180')},transpose=cclock")
    upright = prepare(turned(on_its_side, (0, 1, -1, 0))).quality["dhash"]
    other = prepare(clip(tmp_path / "d.mp4", MOVING)).quality["dhash"]

    assert max(map(_distance, first, again)) <= 6
    assert max(map(_distance, first, upright)) <= 6
    assert min(map(_distance, first, other)) >= 16


def test_blur_is_less_sharp(prepare: Prepare, tmp_path: Path) -> None:
    sharp = prepare(clip(tmp_path / "sharp.mp4", MOVING)).quality["sharpness"]
    blurred = prepare(clip(tmp_path / "blurred.mp4", f"{MOVING},gblur=sigma=4")).quality["sharpness"]

    assert blurred < sharp / 4


def test_a_sound_that_the_meter_does_not_take_costs_only_the_facts_of_sound(spans: Path) -> None:
    quality = Quality()
    with av.open(str(spans)) as container:
        for frame in container.decode(video=0):
            quality.look(frame, frame.time)
    for layout in ("stereo", "mono"):
        sound = AudioFrame(format="fltp", layout=layout, samples=1024)
        sound.sample_rate = 48_000
        quality.hear(sound)

    facts = quality.facts(8.5)

    assert "black_s" in facts
    assert "silent" not in facts
    assert list(quality.failures) == ["sound"]


def test_measuring_that_takes_too_long_ends_so_that_the_check_does_not(spans: Path) -> None:
    quality = Quality(most_s=0.0)
    with av.open(str(spans)) as container:
        for frame in container.decode(video=0, audio=0):
            quality.hear(frame) if isinstance(frame, AudioFrame) else quality.look(frame, frame.time)

    assert quality.facts(8.5) == {}
    assert quality.failures == dict.fromkeys(("picture", "sound"), "measuring took more than 0 s")


def test_a_file_whose_measuring_ends_the_child_is_checked_without(prepare_apart: Prepare, tmp_path: Path) -> None:
    child = tmp_path / "python"
    child.write_text(CRASHES_IN_MEASURING.format(python=sys.executable))
    child.chmod(0o700)
    usual, sys.executable = sys.executable, str(child)

    try:
        info = prepare_apart(clip(tmp_path / "clip.mp4", TINY))
    finally:
        sys.executable = usual

    assert (info.quality, info.duration_s, info.final.is_file()) == ({}, 1.0, True)


def _tone(level_db: float) -> str:
    """Return a source of a stereo sine of 1 kHz; its level is that of its peaks, below full scale."""
    wave = f"{10 ** (level_db / 20)}*sin(2*PI*1000*t)"
    return f"aevalsrc={wave}|{wave}:s=48000:d=1"


def _distance(one: str, other: str) -> int:
    return (int(one, 16) ^ int(other, 16)).bit_count()
