"""`make demo`: one video of every model, made through the API of a portal of its own, each file checked."""

from __future__ import annotations

import io
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import av
import requests
from PIL import Image, ImageDraw

from tools.stack import Stack

WAIT_S = 300.0


@dataclass(frozen=True, kw_only=True)
class Wish:
    """What is asked for."""

    model: str
    prompt: str
    slots: tuple[str, ...] = ()


PROMPTS = ("A fox runs across fresh snow at dawn", "水墨远山，云雾缓缓流动，红日初升", "Paper lanterns rise over the old town")


def main() -> int:
    with tempfile.TemporaryDirectory(prefix="portal-demo-") as folder:
        environment = {"PORTAL_DATA_DIR": folder, "PORTAL_POLL_EVERY_S": "1", "PORTAL_LOG_LEVEL": "WARNING", "DATABASE_URL": ""}
        stack = Stack(web_port=0, simulator_port=0, environment=environment, simulator_words=("--speed", "4"))
        stack.prepare()
        stack.manage("first_admin")
        token = stack.manage("create_token", "admin", "demo").strip().split()[-1]
        with stack:
            rows = list(_make_all(Api(stack.url, token)))
    _print_table(rows)
    failed = [row for row in rows if row["result"] != "ok"]
    print(f"\n{len(rows) - len(failed)} passed, {len(failed)} failed")
    return 1 if failed else 0


class Api:
    """The portal as a program sees it."""

    def __init__(self, url: str, token: str) -> None:
        self.url = f"{url}/api/v1"
        self.session = requests.Session()
        self.session.trust_env = False
        self.session.headers["Authorization"] = f"Bearer {token}"

    def get(self, path: str) -> Any:
        answer = self.session.get(self.url + path, timeout=30)
        answer.raise_for_status()
        return answer.json()

    def post(self, path: str, **what: Any) -> Any:
        answer = self.session.post(self.url + path, timeout=30, **what)
        if not answer.ok:
            raise RuntimeError(f"POST {path} answered {answer.status_code}: {answer.text[:300]}")
        return answer.json()

    def content(self, video_id: str) -> bytes:
        answer = self.session.get(f"{self.url}/videos/{video_id}/content", timeout=30)
        answer.raise_for_status()
        return answer.content


def _make_all(api: Api) -> Iterator[dict[str, Any]]:
    """Every wish is sent first, then each is waited for, as a program would."""
    wishes = list(_wishes(api.get("/models")))
    image = api.post("/assets", files={"file": ("frame.png", _picture(), "image/png")})["id"]
    tasks = [(wish, _send(api, wish, image)) for wish in wishes]
    for wish, task in tasks:
        yield _outcome(api, wish, task["id"])


def _wishes(models: list[dict[str, Any]]) -> Iterator[Wish]:
    """Every model that can be had with the images that it needs; of each vendor, one more with an image that is not needed."""
    seen: set[str] = set()
    for number, model in enumerate(model for model in models if model["available"] and not model["retired"]):
        prompt, needed = PROMPTS[number % len(PROMPTS)], tuple(model["needed_inputs"])
        yield Wish(model=model["name"], prompt=prompt, slots=_filled(model, needed))
        optional = [slot["slot"] for slot in model["inputs"] if slot["slot"] not in needed]
        if optional and not needed and model["vendor"] not in seen:
            seen.add(model["vendor"])
            yield Wish(model=model["name"], prompt=prompt, slots=_filled(model, (optional[0],)))


def _filled(model: dict[str, Any], names: tuple[str, ...]) -> tuple[str, ...]:
    """A slot's name once for each image that it needs."""
    least = {slot["slot"]: max(slot["min_count"], 1) for slot in model["inputs"]}
    return tuple(name for name in names for _ in range(least[name]))


def _send(api: Api, wish: Wish, image: str) -> Any:
    inputs = {slot: [image] * wish.slots.count(slot) for slot in wish.slots}
    return api.post("/tasks", json={"model": wish.model, "prompt": wish.prompt, "params": {}, "inputs": inputs})


def _outcome(api: Api, wish: Wish, task_id: str) -> dict[str, Any]:
    started, task = time.monotonic(), api.get(f"/tasks/{task_id}")
    while task["status"] not in {"succeeded", "failed", "cancelled", "needs_review"} and time.monotonic() - started < WAIT_S:
        time.sleep(0.5)
        task = api.get(f"/tasks/{task_id}")
    row = {"model": wish.model, "images": ", ".join(wish.slots) or "none", "file": "", "result": task["status"]}
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


def _picture() -> bytes:
    """A first frame: a red sun over hills."""
    image = Image.new("RGB", (1280, 720), "#e9dfcf")
    pen = ImageDraw.Draw(image)
    pen.ellipse((820, 120, 980, 280), fill="#c2452d")
    for step, shade in enumerate(("#b9b2a6", "#8f8b85", "#5f6064")):
        top = 380 + step * 90
        pen.polygon([(0, 720), (0, top + 60), (400, top), (800, top + 70), (1280, top - 10), (1280, 720)], fill=shade)
    out = io.BytesIO()
    image.save(out, "PNG")
    return out.getvalue()


def _print_table(rows: list[dict[str, Any]]) -> None:
    head = {"model": "model", "images": "images", "file": "file", "result": "result"}
    widths = {name: max(len(str(row[name])) for row in [head, *rows]) for name in head}
    for row in [head, *rows]:
        print("  ".join(str(row[name]).ljust(widths[name]) for name in head).rstrip())


if __name__ == "__main__":
    sys.exit(main())
