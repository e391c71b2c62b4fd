"""A portal of its own, filled with something to show on every page, and a browser to look at it with."""

from __future__ import annotations

import datetime as dt
import io
import json
import os
import tempfile
import time
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from PIL import Image
from playwright.sync_api import Browser, Page, ViewportSize, sync_playwright

from tools.chromium import FLAGS, chromium_path
from tools.stack import Stack

if TYPE_CHECKING:
    from django.contrib.auth.models import User

    from generation.models import GenerationTask

__all__ = ["PHONE", "WIDE", "Portal", "chromium_browser", "filled", "new_page", "signed_in"]

PASSWORD = "only for the pictures"  # noqa: S105
WAIT_S = 420
RENDER_S = 30.0
WIDE, PHONE = ViewportSize(width=1440, height=900), ViewportSize(width=390, height=844)
KLING, KLING_3, WAN = "kling/kling-v2-5-turbo", "kling/kling-v3", "dashscope/wanx2.1-t2v-plus"

WALL: tuple[tuple[str, str, dict[str, Any], int], ...] = (
    ("Fields slide past a train window, late summer, slow pan", WAN, {"aspect_ratio": "16:9"}, 1),
    ("水墨远山，云雾缓缓流动，红日初升，镜头向右平移", KLING, {"aspect_ratio": "9:16"}, 1),
    ("Wind draws lines on a dune, macro, low sun", KLING_3, {"duration_s": 3, "aspect_ratio": "16:9"}, 1),
    ("A potter lifts a celadon cup to the window light", KLING, {"aspect_ratio": "1:1"}, 1),
    ("Grey tide rolls over black sand, long exposure", WAN, {"aspect_ratio": "4:3"}, 1),
    ("Light shafts move through a misty wood, slow tilt up", KLING, {"aspect_ratio": "9:16"}, 1),
    ("Paper lanterns rise over the old town, warm glow", WAN, {"aspect_ratio": "16:9"}, 0),
    ("City lights defocus at night, vertical", KLING, {"aspect_ratio": "9:16"}, 0),
    ("Matte red ceramic sphere on a travertine plinth, seamless loop", KLING_3, {"duration_s": 6, "aspect_ratio": "1:1"}, 0),
    ("Aurora over a frozen fjord, slow pan left, faint stars", KLING, {"aspect_ratio": "16:9", "duration_s": 10}, 0),
    ("Aurora over a frozen fjord, slow pan left, faint stars", KLING, {"aspect_ratio": "16:9", "duration_s": 10}, 0),
    ("Koi pond at dusk, seven koi between lily pads, slow push-in", WAN, {"seed": 481211}, 0),
    ("Koi pond at dusk, seven koi between lily pads, slow push-in", WAN, {"seed": 481212}, 0),
    ("Koi pond at dusk, seven koi between lily pads, slow push-in", WAN, {"seed": 481213}, 0),
)
"""Prompt, model, settings, days ago; older ones first."""
BY_ANOTHER = {1, 4, 8}
PRODUCTS = (
    ("Celadon cup", "crackle glaze"),
    ("Walnut grinder", "brass crank"),
    ("Linen apron", "stonewashed"),
    ("Cast-iron pan", "pre-seasoned"),
    ("Bamboo steamer", "two tiers"),
    ("Glass teapot", "removable basket"),
    ("Copper kettle", "hammered by hand"),
    ("Oak board", "end grain"),
    ("Enamel mug", "blue rim"),
    ("Paper lamp", "folded by hand"),
    ("Wool throw", "herringbone"),
    ("Rattan stool", "woven seat"),
    ("Steel thermos", "matt green"),
    ("Cotton tote", "long handles"),
    ("Desk clock", "silent hands"),
    ("Clay planter", "drain hole"),
    ("Silk scarf", "rolled hem"),
    ("Leather wallet", "six pockets"),
    ("Canvas shoes", "rubber sole"),
    ("Travel tea set", "three pieces"),
)
"""Name and features."""
UNDER_WAY = (
    ("Rain-soaked neon alley at night, camera dollies forward at walking pace", KLING),
    ("Paper lanterns rise over the old town, crane shot up", KLING),
    ("Paper lanterns rise over the old town, handheld, from a rooftop", KLING),
    ("水墨远山，云雾缓缓流动，镜头向右平移", KLING),
)


@dataclass(frozen=True, kw_only=True)
class Portal:
    """A running portal that is filled: its address, and the ids of rows with something to show."""

    url: str
    video: str
    batch: str
    variations: str
    rows: Mapping[str, str]
    """The id of a row by the beginning of its pages' addresses."""
    open_pages: tuple[str, ...]
    """Addresses of pages that are shared with anyone: one is free, one asks for a password."""


@contextmanager
def filled() -> Iterator[Portal]:
    """Start a portal of its own with videos, batches and tasks in every state, and remove it afterwards. It takes minutes."""
    with tempfile.TemporaryDirectory(prefix="portal-pictures-") as folder:
        environment = {"PORTAL_DATA_DIR": folder, "PORTAL_POLL_EVERY_S": "1", "DATABASE_URL": "", "DJANGO_ALLOW_ASYNC_UNSAFE": "true"}
        os.environ |= environment | {"DJANGO_SETTINGS_MODULE": "videoportal.settings"}
        stack = Stack(web_port=0, simulator_port=0, environment=environment, simulator_words=("--render-s", str(RENDER_S)))
        stack.prepare()
        _django()
        with stack:
            owner = _people()
            batch, variations = _order_sets(owner)
            video = _fill(stack, owner)
            rows = {"videos/": video, "batches/": batch} | _settle_in(owner)
            rows |= _collect(owner, video)
            yield Portal(url=stack.url, video=video, batch=batch, variations=variations, rows=rows, open_pages=_share(owner, video))


def _django() -> None:
    import django

    django.setup()


def _people() -> User:
    from django.contrib.auth.models import User

    User.objects.create_user("zhao", first_name="Zhao", last_name="Min")
    return User.objects.create_superuser("lin", password=PASSWORD, first_name="Lin", last_name="Yue")


def _order_sets(owner: User) -> tuple[str, str]:
    """Upload a catalogue with three rows that need mending, and order variations; return the ids of the two batches."""
    from django.db.models import F

    from access.callers import Caller
    from batches.models import Batch, State
    from batches.upload import upload
    from batches.variations import Wanted, place, plan
    from generation.models import Video
    from prompts.styles import STYLES
    from providers.vendors import find_model

    by = Caller(user=owner)
    seconds = {3: "7", 8: "12", 15: "7"}
    lines = [f"{name},{note},{seconds.get(number, 5)},sku-{number:03d}" for number, (name, note) in enumerate(PRODUCTS)]
    table = io.BytesIO("\n".join(["name,features,seconds,sku", *lines]).encode())
    batch = upload(
        by=by,
        file=table,
        file_name="products.csv",
        defaults={"model": KLING, "prompt": "A slow turn around {name}, {features}, soft window light"},
        language="en",
    )
    until = time.monotonic() + WAIT_S
    while Batch.objects.get(pk=batch.pk).state == State.CHECKING:
        if time.monotonic() > until:
            raise TimeoutError("the batch was not checked in time")
        time.sleep(0.5)
    wanted = Wanted(
        prompt="A potter lifts a celadon cup to the window light",
        models=[model for name in (KLING, WAN) if (model := find_model(name))],
        styles=[STYLES["cinematic"], STYLES["minimalist"]],
        takes=2,
    )
    variations, _new = place(plan(wanted, by=by), by=by)
    while Batch.objects.get(pk=variations.pk).state != State.ENDED:
        if time.monotonic() > until:
            raise TimeoutError("the variations did not end in time")
        time.sleep(0.5)
    Video.objects.filter(owner=owner).change(created_at=F("created_at") - dt.timedelta(days=1))  # older than all that follow
    return str(batch.pk), str(variations.pk)


def _fill(stack: Stack, owner: User) -> str:
    """Make finished videos, a refusal and a queue; return the id of the video to show."""
    from django.contrib.auth.models import User

    from generation.models import Video
    from generation.ordering.create import create
    from generation.ordering.order import Order
    from providers.models import ProviderAccount

    others = User.objects.get(username="zhao")
    made = []
    for day in (1, 0):
        made += [
            (create(Order(owner=others if number in BY_ANOTHER else owner, model=model, prompt=prompt, params=params)).task, days)
            for number, (prompt, model, params, days) in enumerate(WALL)
            if days == day
        ]
        _await_end([task for task, _days in made])
    for task, days in made:
        Video.objects.filter(task=task).change(created_at=task.created_at - dt.timedelta(days=days))
    Video.objects.filter(task__in=[made[4][0].pk, made[9][0].pk, made[12][0].pk]).change(favourite=True)
    _control(stack, "faults", {"vendor": "kling", "fault": "fail-content", "count": 1})
    _await_end([create(Order(owner=owner, model=KLING, prompt="A potter at the wheel, close-up of a face")).task])
    ProviderAccount.objects.filter(vendor="kling", surface="gateway").update(enabled=False)
    ProviderAccount.objects.filter(vendor="kling").update(max_in_flight=2)
    _control(stack, "settings", {"render_s": 900.0})
    frame = _frame(owner, made[13][0])
    create(Order(owner=owner, model=KLING, prompt="Top-down view of a koi pond at dusk, slow push-in", inputs={"first_frame": [frame]}))
    for prompt, model in UNDER_WAY:
        create(Order(owner=owner, model=model, prompt=prompt))
    time.sleep(4)  # so that the pictures show renders under way
    return str(Video.objects.get(task=made[13][0]).pk)


def _settle_in(owner: User) -> dict[str, str]:
    """Make a token, an endpoint and a recurring batch; return their ids by the beginning of their pages' addresses."""
    from access.callers import Caller
    from access.tokens import issue
    from batches import recurring
    from webhooks import actions

    by = Caller(user=owner)
    token, _text = issue(owner, "Shop", by=by)
    endpoint, _secret = actions.create(by=by, url="https://shop.example.com/videos", label="Shop", types=["task.succeeded"])
    daily = recurring.create(by=by, url="https://shop.example.com/new.csv", name="New products", at=dt.time(6), defaults={"model": KLING})
    return {"settings/tokens/": str(token.pk), "webhooks/": str(endpoint.pk), "batches/recurring/": str(daily.pk)}


def _collect(owner: User, video: str) -> dict[str, str]:
    """Put videos into collections, and tags, a rating, comments, captions and a wish for a review on one and on another person's."""
    from access.callers import Caller
    from generation.actions.captions import set_captions
    from generation.models import Video
    from library import collections, comments, notes, review
    from library.index import index_waiting

    by, shown = Caller(user=owner), Video.objects.get(pk=video)
    ids = list(Video.objects.filter(owner=owner).order_by("-created_at").values_list("pk", flat=True)[:8])
    autumn = collections.create(by=by, name="Autumn campaign", description="What goes out in October.")
    koi = collections.create(by=by, name="Koi pond", parent=autumn)
    collections.add(autumn, ids, by=by)
    collections.add(koi, ids[:3], by=by)
    notes.tag(ids[:4], ["pond", "dusk"], by=by)
    notes.rate(ids[:2], 4, by=by)
    for at_s, text in ((1.5, "The third koi leaves the picture too early."), (3.0, "Hold this longer."), (None, "Good light.")):
        comments.add(shown, text, by=by, at_s=at_s)
    set_captions(shown, language="en", content=b"WEBVTT\n\n00:00.500 --> 00:03.000\nSeven koi, one evening.\n", by=by)
    theirs = Video.objects.exclude(owner=owner).latest("created_at")
    for asked in (shown, theirs):
        review.review(asked, "wanted", by=Caller(user=asked.owner))
    while index_waiting():
        pass
    return {"collections/": str(autumn.pk)}


def _share(owner: User, video: str) -> tuple[str, str]:
    """Share the video; return the addresses of its pages, without and with a password."""
    from access.callers import Caller
    from delivery.links import make_link, page_url
    from generation.models import Video

    by, shown = Caller(user=owner), Video.objects.get(pk=video)
    return page_url(make_link(shown, by=by, label="Client"), ""), page_url(make_link(shown, by=by, password="koi pond"), "")  # noqa: S106


def _frame(owner: User, task: GenerationTask) -> Any:
    """Store a picture to start from: the poster of the task's video."""
    from generation import store
    from generation.models import Video
    from generation.ordering.assets import store_asset

    poster = io.BytesIO(store.read(Video.objects.get(task=task).poster))
    with io.BytesIO() as png:
        Image.open(poster).convert("RGB").save(png, "PNG")
        png.seek(0)
        return store_asset(owner=owner, file=png)


def _await_end(tasks: list[GenerationTask]) -> None:
    from generation.models import GenerationTask

    until = time.monotonic() + WAIT_S
    ids = [task.pk for task in tasks]
    while GenerationTask.objects.filter(pk__in=ids, finished_at=None).exists():
        if time.monotonic() > until:
            raise TimeoutError("the simulator did not finish in time")
        time.sleep(0.5)


def _control(stack: Stack, what: str, changes: dict[str, Any]) -> None:
    request = urllib.request.Request(f"{stack.simulator_url}/_control/{what}", data=json.dumps(changes).encode())  # noqa: S310 - our own server
    with urllib.request.urlopen(request, timeout=30):  # noqa: S310
        return


@contextmanager
def chromium_browser() -> Iterator[Browser]:
    """Start the system's Chromium without a window."""
    chromium = chromium_path()
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=FLAGS)
        yield browser
        browser.close()


def signed_in(browser: Browser, url: str, *, size: ViewportSize = WIDE, scheme: Any = "light", language: str = "en") -> Page:
    """Return a page in a browser of its own, signed in as an administrator."""
    page = new_page(browser, url, size=size, scheme=scheme, language=language)
    page.goto(f"{url}/accounts/login/")
    page.locator("#id_username").fill("lin")
    page.locator("#id_password").fill(PASSWORD)
    page.locator("#id_password").press("Enter")
    page.wait_for_url("**/studio/")
    return page


def new_page(browser: Browser, url: str, *, size: ViewportSize = WIDE, scheme: Any = "light", language: str = "en") -> Page:
    """Return a page in a browser of its own, signed out."""
    context = browser.new_context(viewport=size, color_scheme=scheme, reduced_motion="reduce")
    context.add_cookies([{"name": "django_language", "value": language, "url": url}])
    return context.new_page()
