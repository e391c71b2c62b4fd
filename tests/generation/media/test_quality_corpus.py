"""Clips that a person would find in order: none gets a warning."""

from __future__ import annotations

from pathlib import Path

import pytest

from generation.models import Video
from generation.quality import warnings_of
from providers.simulator.media.clip import Clip
from providers.simulator.media.encode import encode
from tests.cases import in_one_test
from tests.generation.media.conftest import Prepare
from tests.generation.media.lavfi import clip
from tests.providers.vendors.simulated_surfaces import MODELS

pytestmark = pytest.mark.slow

SIZE = "s=416x240:r=24:d=4"
TEXTURE = f"color=gray:{SIZE},noise=alls=100,gblur=sigma=6"
GOOD = {
    "test picture": f"testsrc2={SIZE}",
    "noise": f"color=gray:{SIZE},noise=alls=100:allf=t",
    "grain on grey": f"color=gray:{SIZE},noise=alls=12:allf=t",
    "slow pan": f"{TEXTURE},scroll=h=0.0005",
    "very slow pan": f"{TEXTURE},scroll=h=0.0002",
    "slow zoom": f"{TEXTURE},zoompan=z=1+0.0004*on:d=1:s=416x240:fps=24",
    "dark scene": f"testsrc2={SIZE},lutyuv=y=16+(val-16)*0.14",
    "night sky with a few lights": f"color=0x0a0c14:{SIZE},drawbox=x=120:y=140:w=70:h=40:c=0x40382c:t=fill,noise=alls=6:allf=t",
    "fade in from black": f"testsrc2={SIZE},fade=in:0:36",
    "fade out to black": f"testsrc2={SIZE},fade=out:60:36",
    "slow fade of a plain colour": f"color=gray:{SIZE},fade=in:0:96",
    "short hold": f"testsrc2={SIZE},loop=loop=36:size=1:start=40",
    "12 pictures a second": "testsrc2=s=416x240:r=12:d=4,fps=24",
}


@in_one_test("name", GOOD)
def test_good_clips_get_no_warning(prepare: Prepare, tmp_path: Path, name: str) -> None:
    info = prepare(clip(tmp_path / "clip.mp4", GOOD[name], sound="anoisesrc=c=pink:r=48000:a=0.05:d=4"))

    assert _warnings(info) == []


@in_one_test(("number", "model"), enumerate(MODELS.values()))
def test_simulated_clips_get_no_warning(prepare: Prepare, tmp_path: Path, number: int, model: str) -> None:
    width, height = ((416, 240), (240, 416))[number % 2]
    encode(
        Clip(width_px=width, height_px=height, duration_s=3, text=f"a boat of {model}", caption=model, is_mov=number % 3 == 0),
        tmp_path / "clip.mp4",
    )

    assert _warnings(prepare((tmp_path / "clip.mp4").read_bytes())) == []


def test_simulated_clips_of_load_tests_get_no_warning(prepare: Prepare, tmp_path: Path) -> None:
    encode(Clip(width_px=64, height_px=64, duration_s=5, text="", caption=""), tmp_path / "tiny.mp4")

    assert _warnings(prepare((tmp_path / "tiny.mp4").read_bytes())) == []


def _warnings(info) -> list[str]:
    return [one.code for one in warnings_of(Video(quality=info.quality | {"sound_ordered": True}, duration_s=info.duration_s))]
