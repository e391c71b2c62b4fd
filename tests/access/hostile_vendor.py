"""A vendor that quotes the caller's credentials in everything it says: in each field that any adapter reads, in headers and redirects."""

from __future__ import annotations

import base64
import html
import json
import re
import threading
from collections.abc import Callable, Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any, Self
from urllib.parse import quote

KEY = "Zq7Xw2Kd9Tf4Lm8Rb6Vn3Hs5"
"""The value of every secret field of every account."""

Spell = Callable[[str], str]
SPELLINGS: Mapping[str, Spell] = {
    "plain": str,
    "upper": str.upper,
    "lower": str.lower,
    "url": lambda key: "".join(f"%{ord(letter):02X}" for letter in key),
    "base64": lambda key: base64.b64encode(key.encode()).decode(),
    "base64-unpadded": lambda key: base64.urlsafe_b64encode(f"u:{key}".encode()).decode().rstrip("="),
    "basic": lambda key: "Basic " + base64.b64encode(f"{key}:".encode()).decode(),
    "hex": lambda key: key.encode().hex(),
    "HEX": lambda key: key.encode().hex().upper(),
    "escaped": lambda key: "".join(f"\\u{ord(letter):04x}" for letter in key),
    "html": lambda key: "".join(f"&#{ord(letter)};" for letter in key),
    "html-quoted": lambda key: html.escape(f'"{key}"'),
    "first-part": lambda key: key[:14],
    "last-part": lambda key: key[-14:],
}
NAMES = (
    *("message", "msg", "Message", "error_message", "errmsg", "err_msg", "detail", "reason", "fail_reason", "status_msg"),
    *("task_status_msg", "actual_prompt", "orig_prompt", "revised_prompt", "request_id", "logid", "log_id", "Code"),
)
ADDRESSES = ("url", "video_url", "result_url", "download_url")
STATES = ("status", "state", "task_status")
IDS = ("id", "task_id", "submit_id", "history_id")
STATUS: Mapping[str, int] = {
    "accepts": 200,
    "delivers": 200,
    "refuses": 400,
    "says-no-with-200": 200,
    "denies": 401,
    "fails": 500,
    "moves": 302,
    "file": 200,
    "moved-file": 302,
}
"""The HTTP status of each mode. The mode is the first part of the path, the spelling the second."""
MODES = tuple(STATUS)[:-2]
"""The modes of an account; the last two of `STATUS` are those of the files that `delivers` names."""
GOOD: Mapping[str, Any] = {"code": 0, "ret": "0", "status_code": 0}


def body_of(mode: str, words: str, file: str) -> bytes:
    """Return JSON with `words` at every name; `accepts` and `delivers` add codes of acceptance, `delivers` id, state and file."""
    said: dict[str, Any] = dict.fromkeys((*NAMES, *ADDRESSES, *STATES, *IDS), words)
    if mode == "delivers":
        said |= dict.fromkeys(ADDRESSES, file) | dict.fromkeys(STATES, "succeeded") | dict.fromkeys(IDS, "task-1")
    good = GOOD if mode in {"accepts", "delivers"} else {"code": words, "ret": words, "status_code": 1004}
    address = said["url"]
    inner = {**said, **good, "task_result": {"videos": [{"url": address}]}, "videos": [{"url": address}]}
    whole: dict[str, Any] = {
        **said,
        **good,
        "error": words if mode == "fails" else inner,
        "data": inner,
        "output": inner,
        "content": inner,
        "video_result": [{"url": address, "cover_image_url": address}],
        "base_resp": {**inner, "status_msg": words},
        "ResponseMetadata": {"RequestId": words, "Error": {"Code": words, "Message": words}},
    }
    if mode == "delivers":
        del whole["error"], whole["ResponseMetadata"]["Error"], inner["code"]
    return json.dumps(whole).replace("\\\\u00", "\\u00").encode()


class HostileVendor:
    """Use as a context manager. `received` holds what was sent as credentials, `asked` which modes and spellings were asked for."""

    def __init__(self) -> None:
        vendor, self.received, self.asked = self, set[str](), set[tuple[str, str]]()

        class Handler(BaseHTTPRequestHandler):
            def answer(self) -> None:
                self.rfile.read(int(self.headers.get("content-length") or 0))
                token = (self.headers.get("authorization") or "").rpartition(" ")[2]
                mode, spelling = self.path.split("/")[1:3]
                vendor.received.add(token)
                spelled = SPELLINGS[spelling](KEY)
                words = f"no: {spelled} {token}"
                if self.path.endswith("/content"):
                    mode = "moved-file" if spelling == "plain" else "file"
                vendor.asked.add((mode, spelling))
                body = body_of(mode, words, f"{vendor.url}/{'moved-file' if len(spelling) % 2 else 'file'}/{spelling}")
                self.send_response(STATUS[mode])
                self.send_header("Content-Type", f"text/{quote(spelled)}; {words}" if mode == "file" else "application/json")
                self.send_header("Content-Length", str(len(body)))
                self.send_header("X-Request-Id", quote(words))
                self.send_header("Location", f"http://{quote(spelled)}.invalid/" if mode == "moved-file" else f"/{quote(words)}")
                self.end_headers()
                self.wfile.write(body)

            do_GET = do_POST = do_DELETE = answer  # noqa: N815 - the library's names

            def log_message(self, *words: object) -> None:
                """Log nothing."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_port}"

    def __enter__(self) -> Self:
        threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._server.shutdown()
        self._server.server_close()


def leaks(text: str, secrets: set[str]) -> dict[str, str]:
    """Return how a secret, or 12 characters of it in a row, is written in a text, and what is around. Shares nothing with the mask."""
    views = {text, html.unescape(text), re.sub(r"\\u([0-9a-fA-F]{4})", lambda found: chr(int(found[1], 16)), text)}
    lows = {view.lower() for view in views}
    found = {}
    for secret in secrets:
        coded = {"text": (secret, 12), "hex": (secret.encode().hex(), 16)}
        coded |= {f"base64 at {at}": (base64.b64encode(bytes(at) + secret.encode()).decode()[4 if at else 0 : -4], 16) for at in range(3)}
        coded["url"] = ("".join(f"%{ord(letter):02X}" for letter in secret), 36)
        for name, (needle, size) in coded.items():
            grams = [needle.lower()[at : at + size] for at in range(len(needle) - size + 1)]
            blocks = [needle.lower()[at : at + size // 2] for at in range(0, len(needle) - size // 2 + 1, size // 2)]
            for low in lows:
                near = any(block in low for block in blocks)
                if near and (place := next((at for gram in grams if (at := low.find(gram)) >= 0), -1)) >= 0:
                    found[name] = low[max(0, place - 200) : place + 80]
    return found
