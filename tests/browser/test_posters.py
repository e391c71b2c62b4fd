"""What a page of 60 tiles loads: posters that fit their place, on displays with one to three pixels for each of CSS.

`python -m pytest tests/browser/test_posters.py -s` prints the figures of docs/performance.md.
"""

from __future__ import annotations

import io
import random
from collections.abc import Iterator
from itertools import cycle
from uuid import uuid4

import pytest
from django.contrib.auth.models import User
from PIL import Image
from playwright.sync_api import Browser, Page

from generation import store
from generation.lifecycle import Status
from generation.media.posters import LARGEST_SIDE_PX, MAIN_SIDE_PX, SMALLEST_SIDE_PX, fitted, write_poster
from generation.models import Video
from library.wall import WALL_PAGE
from tests.task_rows import make_task

SIZES = ((960, 540), (960, 540), (540, 960), (960, 720))
SCREENS = {"desktop, 1x": (1440, 1), "desktop, 2x": (1440, 2), "phone, 2x": (390, 2), "phone, 3x": (390, 3)}
LOADED = """() => Promise.all([...document.querySelectorAll(".wall .tile > img")].map(async (image) => {
  await image.decode();
  const width = image.srcset ? new URL(image.currentSrc).searchParams.get("w") || image.getAttribute("width") : image.naturalWidth;
  return [image.currentSrc, Number(width), image.getBoundingClientRect().width * devicePixelRatio];
}))"""
TALL = 9000
"""A window in which the whole page is seen, so that nothing is left to load later."""


def scenery(number: int, size: tuple[int, int]) -> Image.Image:
    """Return a picture with detail at every scale, as footage has."""
    chance, picture = random.Random(number), Image.new("RGB", size, (110, 120, 130))
    for cells, strength in ((4, 0.5), (12, 0.35), (40, 0.25), (160, 0.12), (640, 0.05)):
        grid = (cells, max(1, cells * size[1] // size[0]))
        noise = Image.frombytes("RGB", grid, chance.randbytes(3 * grid[0] * grid[1]))
        picture = Image.blend(picture, noise.resize(size, Image.Resampling.BICUBIC), strength)
    return picture


@pytest.fixture
def main_bytes(user: User) -> int:
    """Make a page of videos that share four pictures. Return how much their main posters weigh together."""
    looks, total = [], 0
    for number, size in enumerate(SIZES):
        picture, keys = scenery(number, size), {}
        for side in (SMALLEST_SIDE_PX, MAIN_SIDE_PX, LARGEST_SIDE_PX):
            width, height = fitted(*size, side)
            with io.BytesIO() as file:
                write_poster(picture.resize((width, height), Image.Resampling.BOX), file)
                keys[str(width)] = f"pages/{user.pk}-{number}-{uuid4()}-{width}.webp"
                store.save(keys[str(width)], file.getvalue())
        looks.append(
            {"poster": keys.pop(str(fitted(*size, MAIN_SIDE_PX)[0])), "other_posters": keys, "width_px": size[0], "height_px": size[1]}
        )
    for number, look in zip(range(WALL_PAGE), cycle(looks), strict=False):
        task = make_task(user, status=Status.SUCCEEDED, prompt=f"video {number}")
        facts = {"size_bytes": 11, "duration_s": 5.0, "fps": 24.0, "codec": "h264", "colour": "#224466", "sha256": task.pk.hex * 2}
        Video.objects.create(task=task, owner=user, model=task.model, **facts, **look)
        total += store.size(look["poster"])
    return total


def loaded(page: Page, live_server) -> tuple[int, float]:
    """Return the bytes of all posters, and how many pixels the least sharp one has for one of its place."""
    weights: dict[str, int] = {}
    page.on("response", lambda reply: weights.update({reply.url: int(reply.headers.get("content-length", 0))}))
    page.goto(f"{live_server.url}/gallery/")
    seen = page.evaluate(LOADED)
    assert len(seen) == WALL_PAGE
    return sum(weights[url] for url, _, _ in seen), min(has / needs for _, has, needs in seen)


@pytest.fixture
def screens(browser: Browser, signed_in: Page) -> Iterator[dict[str, Page]]:
    state = signed_in.context.storage_state()
    contexts = {
        name: browser.new_context(viewport={"width": width, "height": TALL}, device_scale_factor=scale, storage_state=state)
        for name, (width, scale) in SCREENS.items()
    }
    yield {name: context.new_page() for name, context in contexts.items()}
    for context in contexts.values():
        context.close()


def test_a_page_of_tiles_loads_posters_that_fit_their_places(screens: dict[str, Page], live_server, main_bytes: int) -> None:
    seen = {name: loaded(page, live_server) for name, page in screens.items()}

    for name, (weight, sharpness) in seen.items():
        print(f"| {name} | {main_bytes / 1000:,.0f} kB | {weight / 1000:,.0f} kB | {sharpness:.2f} |")
    assert all(sharpness > 0.9 for _weight, sharpness in seen.values())
    assert seen["desktop, 1x"][0] < 0.6 * main_bytes
    assert seen["phone, 2x"][0] < 0.6 * main_bytes
    assert seen["phone, 3x"][0] < 0.8 * main_bytes
