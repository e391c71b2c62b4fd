"""Volcengine's request signature (HMAC-SHA256, V4 style), computed from what arrived. It has separate error codes.

The prefix `/hosts/volcvisual` replaces the vendor's host, so a signature over the path with or without it is right.
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

from providers.simulator.accounts import nature, secret_of
from providers.simulator.dialect import Refused

REGION, SERVICE = "cn-north-1", "cv"
_SKEW_S = 900
_AUTHORIZATION = re.compile(
    r"HMAC-SHA256 Credential=([^/\s,]+)/(\d{8})/([^/\s,]+)/([^/\s,]+)/request,\s*SignedHeaders=([a-z0-9;-]+),\s*Signature=([0-9a-f]{64})"
)
_MUST_SIGN = frozenset(["host", "x-date"])


async def key_of(request: web.BaseRequest, prefix: str) -> str:
    """Return the access key of a correctly signed request. Raise Refused."""
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
    body_hash = _hashed(await request.read())
    if request.headers.get("X-Content-Sha256", body_hash) != body_hash:
        _refuse("SignatureDoesNotMatch", "X-Content-Sha256 is not that of the body.")
    path, _, query = request.raw_path.partition("?")
    fields = sorted(parse_qsl(query, keep_blank_values=True))
    query = "&".join(f"{quote(name, safe='-_.~')}={quote(value, safe='-_.~')}" for name, value in fields)
    headers = "".join(f"{name}:{request.headers.get(name, '').strip()}\n" for name in names.split(";"))
    key = secret.encode()
    for part in scope.split("/"):
        key = hmac.new(key, part.encode(), hashlib.sha256).digest()
    for allowed in (path, path.removeprefix(prefix) or "/"):
        canonical = "\n".join([request.method, allowed, query, headers, names, body_hash])
        text = "\n".join(["HMAC-SHA256", moment, scope, _hashed(canonical.encode())])
        if hmac.compare_digest(given, hmac.new(key, text.encode(), hashlib.sha256).hexdigest()):
            return access
    message = "The request signature we calculated does not match the signature you provided."
    raise Refused(401, "SignatureDoesNotMatch", message)


def _check_date(moment: str, day: str) -> None:
    try:
        signed_at = datetime.strptime(moment, "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC)
    except ValueError:
        _refuse("InvalidTimestamp", "X-Date must look like 20260101T000000Z.")
    if moment[:8] != day or abs(signed_at.timestamp() - time.time()) > _SKEW_S:  # the caller's clock is the real one
        _refuse("InvalidTimestamp", "The signature has expired or is not valid yet.")


def _hashed(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def _refuse(code: str, message: str) -> NoReturn:
    raise Refused(401, code, message)
