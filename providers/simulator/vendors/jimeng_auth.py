"""How the web client identifies itself: the session in its cookie, and `sign`. Error codes 1014 and 1015."""

from __future__ import annotations

import hashlib
import re
import time

from aiohttp import web

from providers.simulator.accounts import nature
from providers.simulator.dialect import Refused

_HEX = re.compile(r"[0-9a-f]{32}")
_FRESH_S = 300


def key_of(request: web.BaseRequest, *, is_strict: bool) -> str:
    """Return the session's id. Raise Refused."""
    pairs = (part.strip().partition("=") for part in request.headers.get("Cookie", "").split(";"))
    session = {name: value for name, _, value in pairs}.get("sessionid", "")
    if not session or nature(session) == "bad":
        raise Refused(200, "1015", "login error")
    sign = request.headers.get("sign")
    if is_strict and (sign is None or sign != expected_sign(request)):
        raise Refused(200, "1014", "sign error")
    if sign is not None and not _HEX.fullmatch(sign):
        raise Refused(200, "1014", "sign error")
    return session


def expected_sign(request: web.BaseRequest) -> str | None:
    """Return the hash that the web client would send, or None when `device-time` is not about now."""
    moment = request.headers.get("device-time", "")
    if not moment.isdecimal() or abs(int(moment) - time.time()) > _FRESH_S:  # the caller's clock is the real one
        return None
    tail = request.raw_path.partition("?")[0][-7:]
    platform, version = request.headers.get("pf", ""), request.headers.get("appvr", "")
    text = f"9e2c|{tail}|{platform}|{version}|{moment}||11ac"
    return hashlib.md5(text.encode(), usedforsecurity=False).hexdigest()
