"""Volcengine's request signature (HMAC-SHA256, the company's version 4). Pure: the time is an argument.

Volcengine documents, "signature of public parameters" (6369); read 2026-11-20.
"""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime
from urllib.parse import quote, urlsplit

from providers.core.types import WireRequest

__all__ = ["signed"]

ALGORITHM = "HMAC-SHA256"
REGION, SERVICE = "cn-north-1", "cv"
DEFAULT_PORTS = {"http": 80, "https": 443}


def signed(request: WireRequest, *, base_url: str, access_key: str, secret_key: str, at: datetime) -> WireRequest:
    """Return the request with its body as exact bytes and the four headers that sign it."""
    body = json.dumps(request.json, ensure_ascii=False, separators=(",", ":")).encode()
    moment = at.astimezone(UTC).strftime("%Y%m%dT%H%M%SZ")
    covered = {
        "content-type": "application/json",
        "host": _host(base_url),
        "x-content-sha256": hashlib.sha256(body).hexdigest(),
        "x-date": moment,
    }
    scope = f"{moment[:8]}/{REGION}/{SERVICE}/request"
    digest = hashlib.sha256(_canonical(request, base_url, covered).encode()).hexdigest()
    key = secret_key.encode()
    for step in scope.split("/"):  # the secret, narrowed to one day, region and service
        key = hmac.new(key, step.encode(), hashlib.sha256).digest()
    seal = hmac.new(key, f"{ALGORITHM}\n{moment}\n{scope}\n{digest}".encode(), hashlib.sha256).hexdigest()
    vouched = f"{ALGORITHM} Credential={access_key}/{scope}, SignedHeaders={';'.join(covered)}, Signature={seal}"
    headers = {"Content-Type": covered["content-type"], "X-Date": moment, "X-Content-Sha256": covered["x-content-sha256"]}
    return replace(request, json=None, content=body, headers={**request.headers, **headers, "Authorization": vouched})


def _host(base_url: str) -> str:
    parts = urlsplit(base_url)
    name = parts.hostname or ""
    return name if parts.port in {None, DEFAULT_PORTS.get(parts.scheme)} else f"{name}:{parts.port}"


def _canonical(request: WireRequest, base_url: str, covered: Mapping[str, str]) -> str:
    path = f"{urlsplit(base_url).path.rstrip('/')}/{request.path.lstrip('/')}"
    query = "&".join(f"{quote(name, safe='')}={quote(str(value), safe='')}" for name, value in sorted(request.query.items()))
    lines = "".join(f"{name}:{value}\n" for name, value in covered.items())
    return "\n".join((request.method, quote(path), query, lines, ";".join(covered), covered["x-content-sha256"]))
