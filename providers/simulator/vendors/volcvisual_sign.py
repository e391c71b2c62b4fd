"""Volcengine's request signature (HMAC-SHA256, V4 style), computed anew from what arrived. Its own error codes.

Our prefix `/hosts/volcvisual` stands for the vendor's host, so a signature over the path with it or without it is right.
"""

from __future__ import annotations

import hashlib
import hmac
import re
import time
from datetime import UTC, datetime
from typing import NoReturn
from urllib.parse import parse_qsl, quote

from aiohttp import web

from providers.simulator.accounts import nature
from providers.simulator.dialect import Refused

ACCESS, SECRET = "sim-access", "sim-secret"
REGION, SERVICE = "cn-north-1", "cv"
_SKEW_S = 900
_AUTHORIZATION = re.compile(
    r"HMAC-SHA256 Credential=([^/\s,]+)/(\d{8})/([^/\s,]+)/([^/\s,]+)/request,\s*SignedHeaders=([a-z0-9;-]+),\s*Signature=([0-9a-f]{64})"
)
_MUST_SIGN = frozenset(["host", "x-date"])


async def key_of(request: web.BaseRequest, prefix: str) -> str:
    """The access key of a request that is signed as it should be. Raises Refused."""
    match = _AUTHORIZATION.fullmatch(request.headers.get("Authorization", ""))
    if match is None:
        _refuse("InvalidAuthorization", "The Authorization header is missing or malformed.")
    access, day, region, service, names, given = match.groups()
    moment = request.headers.get("X-Date", "")
    _check_date(moment, day)
    if (region, service) != (REGION, SERVICE):
        _refuse("InvalidCredential", f"The credential's scope must be {REGION}/{SERVICE}.")
    secret = secret_of(access)
    if secret is None or nature(access) == "bad":
        _refuse("InvalidAccessKey", "The access key does not exist.")
    if not _MUST_SIGN.issubset(names.split(";")):
        _refuse("SignatureDoesNotMatch", "host and x-date must be signed.")
    scope = f"{day}/{region}/{service}/request"
    body_hash = _body_hash(request, await request.read())
    canonical = [_canonical(request, path, names, body_hash) for path in _paths(request, prefix)]
    texts = ["\n".join(["HMAC-SHA256", moment, scope, _hashed(text.encode())]) for text in canonical]
    if not any(hmac.compare_digest(given, _signature(secret, scope, text)) for text in texts):
        _refuse("SignatureDoesNotMatch", "The request signature we calculated does not match the signature you provided.")
    return access


def secret_of(access: str) -> str | None:
    if access == ACCESS:
        return SECRET
    return "sk-" + access.removeprefix("ak-") if access.startswith("ak-") else None


def _check_date(moment: str, day: str) -> None:
    try:
        signed_at = datetime.strptime(moment, "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC)
    except ValueError:
        _refuse("InvalidTimestamp", "X-Date must look like 20260101T000000Z.")
    if moment[:8] != day or abs(signed_at.timestamp() - time.time()) > _SKEW_S:  # the caller's clock is the real one
        _refuse("InvalidTimestamp", "The signature has expired or is not valid yet.")


def _body_hash(request: web.BaseRequest, body: bytes) -> str:
    actual = _hashed(body)
    if request.headers.get("X-Content-Sha256", actual) != actual:
        _refuse("SignatureDoesNotMatch", "X-Content-Sha256 is not that of the body.")
    return actual


def _paths(request: web.BaseRequest, prefix: str) -> tuple[str, str]:
    path = request.raw_path.partition("?")[0]
    return path, path.removeprefix(prefix) or "/"


def _canonical(request: web.BaseRequest, path: str, names: str, body_hash: str) -> str:
    fields = sorted(parse_qsl(request.raw_path.partition("?")[2], keep_blank_values=True))
    query = "&".join(f"{quote(name, safe='-_.~')}={quote(value, safe='-_.~')}" for name, value in fields)
    headers = "".join(f"{name}:{request.headers.get(name, '').strip()}\n" for name in names.split(";"))
    return "\n".join([request.method, path, query, headers, names, body_hash])


def _signature(secret: str, scope: str, text: str) -> str:
    key = secret.encode()
    for part in scope.split("/"):
        key = hmac.new(key, part.encode(), hashlib.sha256).digest()
    return hmac.new(key, text.encode(), hashlib.sha256).hexdigest()


def _hashed(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def _refuse(code: str, message: str) -> NoReturn:
    raise Refused(401, code, message)
