"""The portal's three entry points as their users come through them: a program, a person at a form, a person at a terminal."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from html.parser import HTMLParser
from pathlib import Path
from typing import Any, Protocol

import requests

from tools.stack import Stack

__all__ = ["ENTRY_POINTS", "Api", "EntryPoint", "House", "VideoOrder"]


@dataclass(frozen=True, kw_only=True)
class VideoOrder:
    """What is asked for; a slot's name stands once for each image in it. `params` are the lists that a model cannot do without."""

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
        answer = self.session.get(f"{self.url}/videos/{video_id}/content", timeout=30)
        answer.raise_for_status()
        return answer.content


@dataclass(frozen=True, kw_only=True)
class House:
    """A running portal and what its visitors carry: the administrator's password, a token, a picture."""

    stack: Stack
    password: str
    api: Api
    picture: Path


class EntryPoint(Protocol):
    """A way to ask for a video."""

    def place(self, order: VideoOrder) -> str:
        """The new task's id. Raises `RuntimeError` with the portal's words when it refuses."""


class ApiEntry:
    """POST /api/v1/tasks."""

    def __init__(self, house: House) -> None:
        self.api = house.api
        with house.picture.open("rb") as file:
            self.image = self.api.post("/assets", files={"file": (house.picture.name, file, "image/png")})["id"]

    def place(self, order: VideoOrder) -> str:
        inputs = {slot: [self.image] * order.slots.count(slot) for slot in order.slots}
        body = {"model": order.model, "prompt": order.prompt, "params": dict(order.params), "inputs": inputs}
        return str(self.api.post("/tasks", json=body)["id"])


class FormEntry:
    """The Studio's form, filled in and sent as a browser without script does it."""

    def __init__(self, house: House) -> None:
        self.url, self.api, self.picture = house.stack.url, house.api, house.picture.read_bytes()
        self.session = _session()
        fields = self._form("/accounts/login/") | {"username": "admin", "password": house.password}
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
            raise RuntimeError(f"the form at {path} was answered with {answer.status_code}: {_complaints(answer.text)}")


class CommandEntry:
    """manage.py generate."""

    def __init__(self, house: House) -> None:
        self.stack, self.picture = house.stack, house.picture

    def place(self, order: VideoOrder) -> str:
        images = [word for slot in order.slots for word in ("--image", f"{slot}={self.picture}")]
        params = [word for name, items in order.params.items() for item in items for word in ("--param", f"{name}={item}")]
        return self.stack.manage("generate", order.prompt, "--model", order.model, *images, *params).split()[1]


ENTRY_POINTS: dict[str, Callable[[House], EntryPoint]] = {"api": ApiEntry, "form": FormEntry, "command": CommandEntry}


def _session() -> requests.Session:
    session = requests.Session()
    session.trust_env = False
    return session


def _complaints(page: str) -> str:
    """What the page says in red, as text."""
    found = re.findall(r'<span class="error">(.*?)</span>|<div class="note bad">(.*?)</div>', page, re.DOTALL)
    return " ".join(re.sub(r"<[^>]*>", "", "".join(texts)).strip() for texts in found) or page[:300]


class _FormReader(HTMLParser):
    """The values that a browser would send of the form with this action, as the page came."""

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
            self._option(here)
        elif self.inside and tag == "input":
            self._input(here)

    def handle_endtag(self, tag: str) -> None:
        if tag == "form":
            self.inside = False

    def _option(self, here: dict[str, str]) -> None:
        if "selected" in here or self.select not in self.values:
            self.values[self.select] = here.get("value", "")

    def _input(self, here: dict[str, str]) -> None:
        kind, name = here.get("type", "text"), here.get("name", "")
        if not name or kind in {"file", "submit", "button"} or (kind in {"radio", "checkbox"} and "checked" not in here):
            return
        self.values[name] = here.get("value", "on" if kind == "checkbox" else "")
