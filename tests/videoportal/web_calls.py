"""Calls of the tests: whole, and byte by byte."""

from __future__ import annotations

import json
import socket
import urllib.error
import urllib.request
from collections.abc import Mapping
from email.message import Message
from typing import Any
from urllib.parse import urlsplit

PATIENCE_S = 60


def ask(url: str, headers: Mapping[str, str] | None = None, body: Any = None) -> tuple[int, Message, bytes]:
    """GET, or POST of `body` as JSON. Patient: a machine may be loaded; a server that is stopped answers nothing at all."""
    data = None if body is None else json.dumps(body).encode()
    kind = {} if body is None else {"Content-Type": "application/json"}
    request = urllib.request.Request(url, data, dict(headers or {}) | kind)  # noqa: S310 - our own server
    try:
        with urllib.request.urlopen(request, timeout=PATIENCE_S) as reply:  # noqa: S310
            return reply.status, reply.headers, reply.read()
    except urllib.error.HTTPError as refusal:
        with refusal:
            return refusal.code, refusal.headers, refusal.read()


def send_raw(url: str, *blocks: bytes) -> bytes:
    """Return everything that the server answers to these bytes, until it hangs up."""
    parts = urlsplit(url)
    seen = b""
    with socket.create_connection((str(parts.hostname), parts.port), timeout=PATIENCE_S) as connection:
        try:
            for block in blocks:
                connection.sendall(block)
            while block := connection.recv(65536):
                seen += block
        except ConnectionError:  # it hung up before it was sent all
            pass
    return seen
