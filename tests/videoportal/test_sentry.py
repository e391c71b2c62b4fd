"""Errors reach a Sentry with what failed and where, and with nothing that was in a variable, a request or the environment."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from http.server import BaseHTTPRequestHandler, HTTPServer
from threading import Thread

import brotli

from tools.stack import ROOT

SECRET = "sk-canary-4711"
PROGRAM = f"""
import django; django.setup()
import logging
from django.test import RequestFactory
from structlog.contextvars import bound_contextvars

def fail(key):
    raise ValueError("the vendor said no")

log = logging.getLogger("generation.submit")
log.warning("not an error")
with bound_contextvars(request="order-7"):
    try:
        fail("{SECRET}")
    except ValueError:
        log.exception("task %s broke", 7, extra={{"request": RequestFactory().post("/x?key={SECRET}", {{"key": "{SECRET}"}})}})
"""


class _Sentry(BaseHTTPRequestHandler):
    """Keep the envelopes that are sent."""

    received: list[bytes]

    def do_POST(self) -> None:
        self.received.append(brotli.decompress(self.rfile.read(int(self.headers["Content-Length"]))))
        self.send_response(200)
        self.send_header("Content-Length", "2")
        self.end_headers()
        self.wfile.write(b"{}")

    def log_message(self, *_words: object) -> None:
        """Say nothing."""


def test_an_error_is_sent_without_values():
    kept = type("Kept", (_Sentry,), {"received": []})
    with HTTPServer(("127.0.0.1", 0), kept) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        environment = {"PORTAL_SENTRY_DSN": f"http://public@127.0.0.1:{server.server_port}/1", "DJANGO_SETTINGS_MODULE": "tests.settings"}
        subprocess.run([sys.executable, "-c", PROGRAM], cwd=ROOT, env=os.environ | environment, check=True, timeout=60)
        server.shutdown()

    events = [json.loads(line) for one in kept.received for line in one.splitlines() if b'"exception"' in line]
    assert len(events) == 1
    assert (events[0]["logentry"]["formatted"], events[0]["logger"]) == ("task 7 broke", "generation.submit")
    assert events[0]["tags"] == {"request": "order-7"}
    assert [one["type"] for one in events[0]["exception"]["values"]] == ["ValueError"]
    frames = events[0]["exception"]["values"][0]["stacktrace"]["frames"]
    assert [(frame["function"], "vars" in frame) for frame in frames] == [("<module>", False), ("fail", False)]
    assert all(SECRET not in one.decode() and "/x?" not in one.decode() for one in kept.received)
