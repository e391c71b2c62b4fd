"""What Chromium makes of published files: it plays those that are said to play, at their length, as tall and wide as the poster shows."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.urls import reverse
from playwright.sync_api import Page, expect

from generation import store
from generation.lifecycle import Status
from generation.media.prepare import VideoInfo
from generation.models import Video
from tests.generation.media.corpus import WHOLE
from tests.generation.media.videos import prepared
from tests.task_rows import make_task

FACTS = ("width_px", "height_px", "duration_s", "fps", "codec", "has_audio", "size_bytes", "sha256", "source_sha256")
CHROMIUM_SHOWS_MORE = {"edit list"}
"""It begins where an edit list does, and does not end there."""

WATCH = """async ([file, poster]) => {
  const small = (image) => {
    const canvas = Object.assign(document.createElement("canvas"), {width: 16, height: 16});
    canvas.getContext("2d").drawImage(image, 0, 0, 16, 16);
    return [...canvas.getContext("2d").getImageData(0, 0, 16, 16).data];
  };
  const happens = (video, ...names) =>
    new Promise((seen) => names.forEach((name) => video.addEventListener(name, () => seen(name), {once: true})));
  const video = Object.assign(document.createElement("video"), {src: file, muted: true, preload: "auto"});
  if (await happens(video, "loadeddata", "error") === "error") return {error: video.error.message};
  const image = Object.assign(new Image(), {src: poster});
  await image.decode();
  const [shown, kept] = [small(video), small(image)];
  const difference = shown.reduce((sum, value, at) => sum + Math.abs(value - kept[at]), 0) / shown.length;
  const facts = {width: video.videoWidth, height: video.videoHeight, duration: video.duration, difference, error: null};
  video.playbackRate = 4;
  const ends = happens(video, "ended", "error");
  await video.play();
  return {...facts, error: await ends === "error" ? video.error.message : null};
}"""


def publish(owner: User, info: VideoInfo, **facts: Any) -> Video:
    """Store the files and create the row, as the ingest does."""
    task = make_task(owner, status=Status.SUCCEEDED)
    names = {"file": info.final, "poster": info.poster, "preview": info.preview}
    keys = {field: f"corpus/{task.pk}/{path.name}" for field, path in names.items()}
    for field, path in names.items():
        store.save(keys[field], path)
    row = {name: value for name, value in asdict(info).items() if name in FACTS} | keys | facts
    return Video.objects.create(task=task, owner=owner, model=task.model, colour=info.average_colour, playable=info.browser_playable, **row)


@pytest.mark.parametrize("part", range(2))
def test_chromium_plays_what_is_said_to_play(signed_in: Page, live_server, user: User, tmp_path: Path, part: int) -> None:
    wrong, page = {}, signed_in
    for name in sorted(WHOLE)[part::2]:
        if not WHOLE[name].plays:
            continue
        (folder := tmp_path / str(len(list(tmp_path.iterdir())))).mkdir()
        info = prepared(WHOLE[name].make(), folder)
        video = publish(user, info)
        seen = page.evaluate(WATCH, [reverse("video-file", args=[video.pk]), reverse("video-poster", args=[video.pk])])
        if seen["error"] or (seen["width"], seen["height"]) != (info.width_px, info.height_px):
            wrong[name] = seen
        elif seen["difference"] > 25 or (abs(seen["duration"] - info.duration_s) > 0.15 and name not in CHROMIUM_SHOWS_MORE):
            wrong[name] = seen | {"expected": info.duration_s}
    assert wrong == {}


def test_a_file_that_does_not_play_is_offered_as_a_download(signed_in: Page, live_server, user: User, tmp_path: Path) -> None:
    case = WHOLE["mov, prores"]
    video = publish(user, prepared(case.make(), tmp_path), reported_duration_s=10.0)

    signed_in.goto(f"{live_server.url}/videos/{video.pk}/")

    stage = signed_in.locator(".stage")
    expect(stage.get_by_role("img", name="a boat")).to_be_visible()
    expect(stage).to_contain_text("Not every browser can play this file. Download it to watch it.")
    expect(signed_in.locator("video")).to_have_count(0)
    expect(signed_in.get_by_text("Length reported by the vendor")).to_be_visible()
    with signed_in.expect_download() as download:
        stage.get_by_role("link", name="Download").click()
    assert download.value.suggested_filename.endswith(".mov")
