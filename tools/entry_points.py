"""The portal's three entry points as their users have them: a program, a person with a form, a person at a terminal."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from html.parser import HTMLParser
from pathlib import Path
from typing import Any, Protocol
from urllib.parse import urljoin

import requests

from tools.stack import Stack

__all__ = ["ENTRY_POINTS", "Api", "EntryPoint", "Portal", "VideoOrder"]


@dataclass(frozen=True, kw_only=True)
class VideoOrder:
    """An order of one video. `slots` has a slot's name once for each image in it; `params` are the lists that the model requires."""

    model: str
    prompt: str
    slots: tuple[str, ...] = ()
    params: Mapping[str, list[str]] = field(default_factory=dict)


class Api:
    """The portal as a program sees it."""

    def __init__(self, url: str, token: str) -> None:
        self.url = f"{url}/api/v1"
        self.session = _session()
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
        return self.file(f"{self.url}/videos/{video_id}/content")

    def file(self, url: str) -> bytes:
        """Return what lies at an address that the API gave, which may be relative to the portal's."""
        answer = self.session.get(urljoin(self.url, url), timeout=30)
        answer.raise_for_status()
        return answer.content


@dataclass(frozen=True, kw_only=True)
class Portal:
    """A running portal and what its users need: the administrator's password, an API client, a picture."""

    stack: Stack
    password: str
    api: Api
    picture: Path


class EntryPoint(Protocol):
    """A way to order a video."""

    def place(self, order: VideoOrder) -> str:
        """Order a video and return the task's id. Raises `RuntimeError` with the portal's message if it refuses."""


class ApiEntry:
    """POST /api/v1/tasks."""

    def __init__(self, portal: Portal) -> None:
        self.api = portal.api
        with portal.picture.open("rb") as file:
            self.image = self.api.post("/assets", files={"file": (portal.picture.name, file, "image/png")})["id"]

    def place(self, order: VideoOrder) -> str:
        inputs = {slot: [self.image] * order.slots.count(slot) for slot in order.slots}
        body = {"model": order.model, "prompt": order.prompt, "params": dict(order.params), "inputs": inputs}
        return str(self.api.post("/tasks", json=body)["id"])


class FormEntry:
    """The Studio's form, filled in and sent as a browser without script does it."""

    def __init__(self, portal: Portal) -> None:
        self.url, self.api, self.picture = portal.stack.url, portal.api, portal.picture.read_bytes()
        self.session = _session()
        fields = self._form("/accounts/login/") | {"username": "admin", "password": portal.password}
        self._send("/accounts/login/", fields)

    def place(self, order: VideoOrder) -> str:
        lists = {name: "\n".join(items) for name, items in order.params.items()}
        fields = self._form("/studio/", model=order.model) | {"prompt": order.prompt, **lists}
        self._send("/studio/", fields, [(f"{slot}_file", (f"{slot}.png", self.picture, "image/png")) for slot in order.slots])
        return str(self.api.get("/tasks?limit=1")["items"][0]["id"])

    def _form(self, path: str, **query: str) -> dict[str, str]:
        page = self.session.get(self.url + path, params=query, timeout=30)
        page.raise_for_status()
        reader = _FormReader(action=path)
        reader.feed(page.text)
        return reader.values

    def _send(self, path: str, fields: dict[str, str], files: Any = None) -> None:
        answer = self.session.post(self.url + path, data=fields, files=files, timeout=30, allow_redirects=False)
        if answer.status_code != requests.codes.found:
            found = re.findall(r'<span class="error">(.*?)</span>|<div class="note bad">(.*?)</div>', answer.text, re.DOTALL)
            errors = " ".join(re.sub(r"<[^>]*>", "", "".join(texts)).strip() for texts in found) or answer.text[:300]
            raise RuntimeError(f"the form at {path} was answered with {answer.status_code}: {errors}")


class CommandEntry:
    """manage.py generate."""

    def __init__(self, portal: Portal) -> None:
        self.stack, self.picture = portal.stack, portal.picture

    def place(self, order: VideoOrder) -> str:
        images = [word for slot in order.slots for word in ("--image", f"{slot}={self.picture}")]
        params = [word for name, items in order.params.items() for item in items for word in ("--param", f"{name}={item}")]
        return self.stack.manage("generate", order.prompt, "--model", order.model, *images, *params).split()[1]


ENTRY_POINTS: dict[str, Callable[[Portal], EntryPoint]] = {"api": ApiEntry, "form": FormEntry, "command": CommandEntry}


def _session() -> requests.Session:
    session = requests.Session()
    session.trust_env = False
    return session


class _FormReader(HTMLParser):
    """Reads the values that a browser would send from the unchanged form with this action."""

    def __init__(self, action: str) -> None:
        super().__init__()
        self.action, self.values = action, dict[str, str]()
        self.inside = False
        self.select = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        here = {name: value if value is not None else name for name, value in attrs}
        if tag == "form":
            self.inside = here.get("action") == self.action
        elif self.inside and tag == "select":
            self.select = here["name"]
        elif self.inside and tag == "option":
            if "selected" in here or self.select not in self.values:
                self.values[self.select] = here.get("value", "")
        elif self.inside and tag == "input" and here.get("name"):
            kind = here.get("type", "text")
            if kind not in {"file", "submit", "button"} and (kind not in {"radio", "checkbox"} or "checked" in here):
                self.values[here["name"]] = here.get("value", "on" if kind == "checkbox" else "")

    def handle_endtag(self, tag: str) -> None:
        if tag == "form":
            self.inside = False
