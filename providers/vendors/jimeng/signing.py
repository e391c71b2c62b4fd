"""The headers, cookie and sign that the web page sends. Pure: the time is an argument.

Undocumented by the vendor; as known on 2026-11-20.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping

from providers.core.errors import AuthenticationFailed
from providers.vendors.jimeng.surfaces import SITE, Release

__all__ = ["page_headers"]

PLATFORM = "7"
SIGN_HEAD, SIGN_TAIL = "9e2c", "11ac"
SIGNED_PATH_CHARS = 7
CAPTURED_SIGN = re.compile(r"[0-9a-f]{32}")
BROWSER: Mapping[str, str] = {
    "Accept": "application/json, text/plain, */*",
    "Accept-Language": "zh-CN,zh;q=0.9",
    "User-Agent": "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/129.0.0.0 Safari/537.36",
    "app-sdk-version": "48.0.0",
    "lan": "zh-Hans",
    "loc": "cn",
    "origin": SITE,
    "pf": PLATFORM,
    "referer": f"{SITE}/ai-tool/video/generate",
}


def page_headers(path: str, *, cookie: str, sign: str, moment: str, release: Release) -> dict[str, str]:
    """Return the headers; `moment` in Unix seconds. A bare session id is a cookie too. Raises `AuthenticationFailed` for a bad sign."""
    session = cookie if "=" in cookie else f"sessionid={cookie}"
    account_headers = {"appid": str(release.app_id), "appvr": release.app_version, "cookie": session, "device-time": moment}
    return {**BROWSER, **account_headers, **_sign_headers(sign.strip().lower(), path, moment, release.app_version)}


def _sign_headers(mode: str, path: str, moment: str, app_version: str) -> Mapping[str, str]:
    """Return the sign in the way that the account chooses: whether the site looks at it is disputed."""
    if mode == "none":
        return {}
    if mode == "computed":
        text = f"{SIGN_HEAD}|{path[-SIGNED_PATH_CHARS:]}|{PLATFORM}|{app_version}|{moment}||{SIGN_TAIL}"
        return {"sign": hashlib.md5(text.encode(), usedforsecurity=False).hexdigest(), "sign-ver": "1"}
    if CAPTURED_SIGN.fullmatch(mode):
        return {"sign": mode, "sign-ver": "1"}
    raise AuthenticationFailed("The account's sign must be “computed”, “none”, or the 32 characters of a captured one.")
