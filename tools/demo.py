"""`make demo`: one video of every model through the API, the form or the command of a temporary portal, and a check of each file.

With STORAGE=oss or STORAGE=s3 the files go to a bucket, and the vendor's SDK reads video, posters and preview back from it.
"""

from __future__ import annotations

import argparse
import hashlib
import io
import signal
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import nullcontext
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import av
from PIL import Image, ImageDraw

from providers.core.catalog import vendor_of
from tools.buckets import BUCKETS, Bucket, open_bucket
from tools.entry_points import ENTRY_POINTS, Api, EntryPoint, Portal, VideoOrder
from tools.postgres import postgres
from tools.stack import Stack
from tools.table import print_table

WAIT_S = 300.0
COLUMNS = ("model", "images", "file", "result")
PROMPTS = ("A fox runs across fresh snow at dawn", "水墨远山，云雾缓缓流动，红日初升", "Paper lanterns rise over the old town")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--entry", choices=list(ENTRY_POINTS), default="api", help="how the videos are ordered")
    parser.add_argument("--short", action="store_true", help="of each vendor one without images and one with")
    parser.add_argument("--storage", choices=list(BUCKETS), default="local", help="where files are kept")
    parser.add_argument("--database", choices=("sqlite", "postgres"), default="sqlite")
    parser.add_argument("--workers", type=int, default=1, help="worker processes")
    words = parser.parse_args()
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # ends what it started, as Ctrl-C does
    return demonstrate(words.entry, short=words.short, storage=words.storage, database=words.database, workers=words.workers)


def demonstrate(entry: str, *, short: bool, storage: str = "local", database: str = "sqlite", workers: int = 1) -> int:
    with (
        tempfile.TemporaryDirectory(prefix="portal-demo-") as folder,
        open_bucket(storage, Path(folder) / "bucket") as bucket,
        postgres() if database == "postgres" else nullcontext("") as url,
    ):
        environment = {"PORTAL_DATA_DIR": folder, "PORTAL_POLL_EVERY_S": "1", "PORTAL_LOG_LEVEL": "WARNING", "DATABASE_URL": url}
        environment["PORTAL_INGEST_WORKERS"] = "2"  # the simulator draws two clips at a time: downloads of others would time out
        environment |= bucket.environment if bucket else {"PORTAL_STORAGE": "local"}
        # with a bucket and in short the subject is where the files go, so nothing large is drawn
        words = ("--speed", "4", *(("--media", "tiny") if bucket and short else ()))
        stack = Stack(web_port=0, simulator_port=0, environment=environment, simulator_words=words, workers=workers)
        stack.prepare()
        password = stack.manage("first_admin").split()[-1]
        token = stack.manage("create_token", "admin", "demo").split()[-1]
        picture = Path(folder) / "frame.png"
        _draw(picture)
        with stack:
            portal = Portal(stack=stack, password=password, api=Api(stack.url, token), picture=picture)
            orders = list(video_orders(portal.api.get("/models")))
            if short:  # of each vendor the first without images and the first with
                orders = list({(vendor_of(order.model), bool(order.slots)): order for order in reversed(orders)}.values())
            rows = list(_make_all(portal.api, ENTRY_POINTS[entry](portal), orders, bucket))
    print_table([COLUMNS, *([row[name] for name in COLUMNS] for row in rows)])
    failed = [row for row in rows if not row["result"].startswith("ok")]
    place = f" The files were in {bucket.place.partition(';')[0]}." if bucket else ""
    print(f"\n{len(rows) - len(failed)} passed, {len(failed)} failed.{place}")
    return 1 if failed else 0


def _make_all(api: Api, entry: EntryPoint, orders: list[VideoOrder], bucket: Bucket | None) -> Iterator[dict[str, str]]:
    """Place every order first, then wait for each, as a program would."""
    placed = []
    for order in orders:
        try:
            placed.append((order, entry.place(order), ""))
        except RuntimeError as refusal:
            placed.append((order, "", str(refusal)))
    for order, task_id, refused in placed:
        yield _outcome(api, order, task_id, bucket) if task_id else _row(order, refused)


def _row(order: VideoOrder, result: str) -> dict[str, str]:
    return {"model": order.model, "images": ", ".join(order.slots) or "none", "file": "", "result": result}


def video_orders(models: list[dict[str, Any]]) -> Iterator[VideoOrder]:
    """Yield an order for every available model, also for a retired one that a gateway still has, with the images that it needs; for each
    vendor one more, of a model that is not retired, with an image that is not needed.
    """
    seen: set[str] = set()
    for number, model in enumerate(model for model in models if model["available"]):
        prompt, needed = PROMPTS[number % len(PROMPTS)], (*model["needed_inputs"], *model["one_of_inputs"][:1])
        schema = model["json_schema"]
        params = {name: schema["properties"][name]["examples"][0] for name in schema.get("required", [])}
        yield VideoOrder(model=model["name"], prompt=prompt, slots=_filled(model, needed), params=params)
        optional = [slot["slot"] for slot in model["inputs"] if slot["slot"] not in needed]
        if optional and not needed and not model["retired"] and model["vendor"] not in seen:
            seen.add(model["vendor"])
            yield VideoOrder(model=model["name"], prompt=prompt, slots=_filled(model, (optional[0],)))


def _filled(model: dict[str, Any], names: tuple[str, ...]) -> tuple[str, ...]:
    """Return each slot's name once for each image that it needs."""
    least = {slot["slot"]: max(slot["min_count"], 1) for slot in model["inputs"]}
    return tuple(name for name in names for _ in range(least[name]))


def _outcome(api: Api, order: VideoOrder, task_id: str, bucket: Bucket | None) -> dict[str, str]:
    started, task = time.monotonic(), api.get(f"/tasks/{task_id}")
    while task["status"] not in {"succeeded", "failed", "cancelled", "needs_review"} and time.monotonic() - started < WAIT_S:
        time.sleep(0.5)
        task = api.get(f"/tasks/{task_id}")
    row = _row(order, task["status"])
    if task["status"] == "succeeded":
        row |= _checked(api.content(task["videos"][0]["id"]), task["videos"][0])
        if bucket and row["result"] == "ok":
            row |= _read_back(api, bucket, task)
    elif task["error"]:
        row["result"] = f"{task['status']}: {task['error']['code']} {task['error']['message']}"
    return row


def _checked(content: bytes, video: dict[str, Any]) -> dict[str, str]:
    """Decode the file and compare it with what the portal says about it."""
    with av.open(io.BytesIO(content), "r") as container:
        stream = container.streams.video[0]
        frames = len(list(container.decode(stream)))
        size = f"{stream.width}x{stream.height}"
        seconds = frames / float(stream.average_rate or 1)
    right = (
        size == f"{video['width_px']}x{video['height_px']}"
        and abs(seconds - video["duration_s"]) < 0.2
        and len(content) == video["size_bytes"]
    )
    return {
        "file": f"{size}, {seconds:.1f} s, {len(content) / 1000:.0f} kB",
        "result": "ok" if right else "the file is not what the portal says",
    }


def _read_back(api: Api, bucket: Bucket, task: dict[str, Any]) -> dict[str, str]:
    """Compare every file of the task that lies in the bucket with what the portal serves."""
    keys = bucket.keys(f"videos/{datetime.fromisoformat(task['created_at']).astimezone(UTC):%Y/%m/%d}/{task['id']}-")
    urls = task["videos"][0]["urls"]
    served = [api.file(url) for url in (urls["content"], urls["preview"], *(poster["url"] for poster in urls["posters"]))]
    wanted = sorted(hashlib.sha256(content).hexdigest() for content in served)
    if sorted(map(bucket.sha256, keys)) == wanted and task["videos"][0]["sha256"] in wanted:
        return {"result": f"ok, {len(keys)} files in the bucket"}
    return {"result": f"in the bucket are {', '.join(keys) or 'no files'}, and not what the portal serves"}


def _draw(picture: Path) -> None:
    """Draw a first frame: a red sun over hills."""
    image = Image.new("RGB", (1280, 720), "#e9dfcf")
    pen = ImageDraw.Draw(image)
    pen.ellipse((820, 120, 980, 280), fill="#c2452d")
    for step, shade in enumerate(("#b9b2a6", "#8f8b85", "#5f6064")):
        top = 380 + step * 90
        pen.polygon([(0, 720), (0, top + 60), (400, top), (800, top + 70), (1280, top - 10), (1280, 720)], fill=shade)
    image.save(picture, "PNG")


if __name__ == "__main__":
    sys.exit(main())
