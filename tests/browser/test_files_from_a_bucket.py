"""Pages whose files come from a bucket, in Chromium: they are loaded from another origin, under the content policy, by signed addresses."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from random import Random

import av
import pytest
from django.conf import LazySettings
from django.contrib.auth.models import User
from PIL import Image
from playwright.sync_api import Page, expect
from pytest_django.live_server_helper import LiveServer

from delivery.links import video_url
from generation import store
from generation.models import Video
from tests.browser.test_published_files import publish
from tests.generation.media.corpus import WHOLE
from tests.generation.media.videos import prepared
from tests.videoportal.storages.conftest import options_of
from tests.web.page_rows import make_video
from tools.oss_server.testing import OssServerProcess

SHORT_LIFE_S = 3
SEEK = """async (at) => {
  const video = document.querySelector("video");
  const seeked = new Promise((done) => video.addEventListener("seeked", done));
  video.currentTime = at;
  await seeked;
  return [video.currentTime, video.videoWidth];
}"""

WAIT = """async (what) => {
  const video = document.querySelector("video");
  const isThere = () => (what === "metadata" ? video.readyState > 0 : video.readyState > 1 && !video.seeking && !video.error);
  for (let tries = 0; tries < 150 && !isThere(); tries++) await new Promise((done) => setTimeout(done, 100));
}"""
PLAY = """async ([url, crossOrigin]) => {
  const video = Object.assign(document.createElement("video"), { muted: true });
  if (crossOrigin) video.crossOrigin = crossOrigin;
  video.src = url;
  await video.play();
  const canvas = document.createElement("canvas");
  canvas.getContext("2d").drawImage(video, 0, 0);
  const readable = await new Promise((done) => {
    try { canvas.toBlob(() => done(true)); } catch { done(false); }
  });
  return [video.duration, video.videoWidth, readable];
}"""


@pytest.fixture
def live_server(settings: LazySettings, oss_server: OssServerProcess, transactional_db: None) -> Iterator[LiveServer]:
    """Serve the portal with its files in the bucket: a server of its own, because a server finds its content policy once."""
    bucket = {"BACKEND": "videoportal.storages.oss.OSSStorage", "OPTIONS": options_of(oss_server)}
    settings.STORAGES = settings.STORAGES | {"default": bucket}
    server = LiveServer("localhost")
    yield server
    server.stop()


@pytest.fixture
def asked_bucket(trouble: list[str], oss_server: OssServerProcess, page: Page) -> Iterator[None]:
    """Take what the page loaded from the bucket off the list of trouble, and require that there is some."""
    yield
    notes = [note for note in trouble if note.startswith(f"request to {oss_server.url}")]
    trouble[:] = [note for note in trouble if note not in notes]
    assert notes


def make(owner: User, folder: Path, content: bytes) -> Video:
    return publish(owner, prepared(content, folder), title="一只狐狸")


def noise(path: Path, seconds: int) -> Path:
    """Return a video that is too large for a player to load it whole before it is played."""
    random = Random(7)
    with av.open(str(path), "w", options={"movflags": "faststart"}) as container:
        stream = container.add_stream("libx264", rate=4, options={"preset": "ultrafast", "crf": "4"})
        stream.width, stream.height, stream.pix_fmt = 640, 360, "yuv420p"
        for _ in range(4 * seconds):
            picture = Image.frombytes("RGB", (640, 360), random.randbytes(640 * 360 * 3))
            container.mux(stream.encode(av.VideoFrame.from_image(picture)))
        container.mux(stream.encode())
    return path


def test_video_plays_seeks_and_is_saved_from_the_bucket(signed_in: Page, live_server, user: User, tmp_path: Path, asked_bucket) -> None:
    video, page = make(user, tmp_path, WHOLE["h264, index first"].make()), signed_in

    page.goto(f"{live_server.url}/gallery/")
    tile = page.locator(".tile")
    expect(tile.locator("img")).to_have_js_property("complete", value=True)
    assert tile.locator("img").evaluate("image => image.naturalWidth") > 0
    tile.hover()
    expect(tile).to_have_class(re.compile("is-playing"))

    page.goto(f"{live_server.url}/videos/{video.pk}/")
    at, width = page.evaluate(SEEK, video.duration_s - 0.5)
    assert (at, width) == (pytest.approx(video.duration_s - 0.5, abs=0.01), video.width_px)
    with page.expect_download() as frame:
        page.get_by_role("button", name="Save frame").click()
    with Image.open(frame.value.path()) as picture:
        assert (picture.size, len(picture.convert("L").getcolors(1 << 16)) > 1) == ((video.width_px, video.height_px), True)
    with page.expect_download() as download:
        page.get_by_role("link", name="Download").click()
    assert download.value.suggested_filename == "一只狐狸.mp4"
    assert Path(download.value.path()).read_bytes() == store.read(video.file)


def test_a_page_elsewhere_plays_a_link(page: Page, live_server, user: User, tmp_path: Path, asked_bucket, trouble: list[str]) -> None:
    """With `crossorigin` the portal sends the file, because this bucket has no rule for other origins; without it the bucket does."""
    video = make(user, tmp_path, WHOLE["h264, index first"].make())
    url = video_url(video, live_server.url)
    elsewhere = live_server.url.replace("localhost", "127.0.0.1")  # another origin; /healthz has no policy of content
    page.goto(f"{elsewhere}/healthz")
    trouble[:] = [note for note in trouble if elsewhere not in note]

    for attribute in ("", "anonymous"):
        seen = page.evaluate(PLAY, [url, attribute])
        assert seen == [pytest.approx(video.duration_s, abs=0.2), video.width_px, bool(attribute)]


def test_a_player_goes_on_when_its_address_has_expired(
    signed_in: Page, live_server, user: User, tmp_path: Path, settings: LazySettings, asked_bucket
) -> None:
    video, page = make_video(user), signed_in
    store.save(f"noise/{video.pk}.mp4", noise(tmp_path / "noise.mp4", 12))
    Video.objects.filter(pk=video.pk).update(file=f"noise/{video.pk}.mp4")
    settings.FILE_URL_S = SHORT_LIFE_S

    page.clock.install()
    page.goto(f"{live_server.url}/videos/{video.pk}/")
    page.evaluate(WAIT, "metadata")
    page.wait_for_timeout(1000 * (SHORT_LIFE_S + 1))  # the address that the player keeps is one of real time
    page.clock.fast_forward(300_000)
    page.evaluate("() => { document.querySelector('video').currentTime = 11 }")
    page.wait_for_timeout(500)
    page.clock.fast_forward(5_000)
    page.evaluate(WAIT, "picture")

    at, ready = page.evaluate("(() => { const video = document.querySelector('video'); return [video.currentTime, video.readyState] })()")
    assert (at, ready > 1) == (pytest.approx(11, abs=0.5), True)
    expect(page.locator("[data-player-error]")).to_be_hidden()
