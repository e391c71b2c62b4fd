"""`make demo`: one video of every model through the API, the form or the command of its own portal, and a check of each file."""

from __future__ import annotations

import argparse
import io
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import av
from PIL import Image, ImageDraw

from providers.core.catalog import vendor_of
from tools.entry_points import ENTRY_POINTS, Api, EntryPoint, House, VideoOrder
from tools.stack import Stack

WAIT_S = 300.0


PROMPTS = ("A fox runs across fresh snow at dawn", "水墨远山，云雾缓缓流动，红日初升", "Paper lanterns rise over the old town")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--entry", choices=list(ENTRY_POINTS), default="api", help="by which way the videos are asked for")
    parser.add_argument("--short", action="store_true", help="of each vendor one without images and one with")
    words = parser.parse_args()
    return demonstrate(words.entry, short=words.short)


def demonstrate(entry: str, *, short: bool) -> int:
    with tempfile.TemporaryDirectory(prefix="portal-demo-") as folder:
        environment = {"PORTAL_DATA_DIR": folder, "PORTAL_POLL_EVERY_S": "1", "PORTAL_LOG_LEVEL": "WARNING", "DATABASE_URL": ""}
        environment["PORTAL_INGEST_WORKERS"] = "2"  # the simulator draws two clips at a time: others would wait past their patience
        stack = Stack(web_port=0, simulator_port=0, environment=environment, simulator_words=("--speed", "4"))
        stack.prepare()
        password = stack.manage("first_admin").split()[-1]
        token = stack.manage("create_token", "admin", "demo").split()[-1]
        picture = Path(folder) / "frame.png"
        _draw(picture)
        with stack:
            house = House(stack=stack, password=password, api=Api(stack.url, token), picture=picture)
            asked = list(video_orders(house.api.get("/models")))
            rows = list(_make_all(house, ENTRY_POINTS[entry](house), _few(asked) if short else asked))
    _print_table(rows)
    failed = [row for row in rows if row["result"] != "ok"]
    print(f"\n{len(rows) - len(failed)} passed, {len(failed)} failed")
    return 1 if failed else 0


def _make_all(house: House, entry: EntryPoint, asked: list[VideoOrder]) -> Iterator[dict[str, Any]]:
    """Every order is sent first, then each is waited for, as a program would."""
    tasks = [(order, _ordered(entry, order)) for order in asked]
    for order, (task_id, refusal) in tasks:
        yield _outcome(house.api, order, task_id) if task_id else _row(order, refusal)


def _ordered(entry: EntryPoint, order: VideoOrder) -> tuple[str, str]:
    """The task's id, or the words of the refusal."""
    try:
        return entry.place(order), ""
    except RuntimeError as refusal:
        return "", str(refusal)


def _row(order: VideoOrder, result: str) -> dict[str, Any]:
    return {"model": order.model, "images": ", ".join(order.slots) or "none", "file": "", "result": result}


def video_orders(models: list[dict[str, Any]]) -> Iterator[VideoOrder]:
    """Every model that can be had, also a retired one that a gateway still has, with the images that it needs; of each vendor one more, not
    retired, with an image that is not needed.
    """
    seen: set[str] = set()
    for number, model in enumerate(model for model in models if model["available"]):
        prompt, needed = PROMPTS[number % len(PROMPTS)], (*model["needed_inputs"], *model["one_of_inputs"][:1])
        yield VideoOrder(model=model["name"], prompt=prompt, slots=_filled(model, needed), params=_needed(model["json_schema"]))
        optional = [slot["slot"] for slot in model["inputs"] if slot["slot"] not in needed]
        if optional and not needed and not model["retired"] and model["vendor"] not in seen:
            seen.add(model["vendor"])
            yield VideoOrder(model=model["name"], prompt=prompt, slots=_filled(model, (optional[0],)))


def _few(asked: list[VideoOrder]) -> list[VideoOrder]:
    """Of each vendor the first without images and the first with."""
    return list({(vendor_of(order.model), bool(order.slots)): order for order in reversed(asked)}.values())


def _needed(schema: dict[str, Any]) -> dict[str, list[str]]:
    """The lists that the model cannot do without, as its own schema shows them."""
    return {name: schema["properties"][name]["examples"][0] for name in schema.get("required", [])}


def _filled(model: dict[str, Any], names: tuple[str, ...]) -> tuple[str, ...]:
    """A slot's name once for each image that it needs."""
    least = {slot["slot"]: max(slot["min_count"], 1) for slot in model["inputs"]}
    return tuple(name for name in names for _ in range(least[name]))


def _outcome(api: Api, order: VideoOrder, task_id: str) -> dict[str, Any]:
    started, task = time.monotonic(), api.get(f"/tasks/{task_id}")
    while task["status"] not in {"succeeded", "failed", "cancelled", "needs_review"} and time.monotonic() - started < WAIT_S:
        time.sleep(0.5)
        task = api.get(f"/tasks/{task_id}")
    row = _row(order, task["status"])
    if task["status"] == "succeeded":
        row |= _checked(api.content(task["videos"][0]["id"]), task["videos"][0])
    elif task["error"]:
        row["result"] = f"{task['status']}: {task['error']['code']} {task['error']['message']}"
    return row


def _checked(content: bytes, video: dict[str, Any]) -> dict[str, Any]:
    """Decode the file and compare it with what the portal says of it."""
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


def _draw(picture: Path) -> None:
    """A first frame: a red sun over hills."""
    image = Image.new("RGB", (1280, 720), "#e9dfcf")
    pen = ImageDraw.Draw(image)
    pen.ellipse((820, 120, 980, 280), fill="#c2452d")
    for step, shade in enumerate(("#b9b2a6", "#8f8b85", "#5f6064")):
        top = 380 + step * 90
        pen.polygon([(0, 720), (0, top + 60), (400, top), (800, top + 70), (1280, top - 10), (1280, 720)], fill=shade)
    image.save(picture, "PNG")


def _print_table(rows: list[dict[str, Any]]) -> None:
    head = {"model": "model", "images": "images", "file": "file", "result": "result"}
    widths = {name: max(len(str(row[name])) for row in [head, *rows]) for name in head}
    for row in [head, *rows]:
        print("  ".join(str(row[name]).ljust(widths[name]) for name in head).rstrip())


if __name__ == "__main__":
    sys.exit(main())
