"""The media check as the product runs it, and in this process."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from generation.media.prepare import VideoInfo, prepare_video
from tests.generation.media.videos import prepared

RECORD = {"prompt": "一只猫在雨里 \U0001f408", "model": "kling/kling-v2-5-turbo", "seed": 7}

Prepare = Callable[..., VideoInfo]


@pytest.fixture
def prepare_apart(tmp_path: Path) -> Prepare:
    """As the product does it: in a child process."""

    def run(data: bytes, **options: object) -> VideoInfo:
        source = tmp_path / "source"
        source.write_bytes(data)
        return prepare_video(source, tmp_path, **({"record": RECORD} | options))

    return run


@pytest.fixture
def prepare(tmp_path: Path) -> Prepare:
    """What the child does, in this process: for files that cannot hurt it."""

    def run(data: bytes, *, expected_duration_s: float | None = None, **limits: float) -> VideoInfo:
        return prepared(data, tmp_path, record=RECORD, expected_duration_s=expected_duration_s, **limits)

    return run
