"""Signatures of version 4, computed from the request as it arrived.

Rules: https://help.aliyun.com/en/oss/developer-reference/recommend-to-use-signature-version-4 and the signers of both SDKs (2026-11-29).
Pure: time and keys come in from outside. Version 1 is not spoken: new accounts of the vendor cannot use it.
"""

from __future__ import annotations

import hashlib
import hmac
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from urllib.parse import quote, unquote_plus

from tools.oss_server.errors import OssError, Refusals

__all__ = ["Key", "Signed", "Signer", "canonical_query", "sign"]

ALGORITHM = "OSS4-HMAC-SHA256"
PAYLOAD = "UNSIGNED-PAYLOAD"
LONGEST_S = 604_800
SKEW = timedelta(minutes=15)
MOMENT = "%Y%m%dT%H%M%SZ"
ALWAYS_SIGNED = frozenset({"content-type", "content-md5"})


@dataclass(frozen=True)
class Key:
    """A secret, and the token that goes with it if it is a temporary one."""

    secret: str
    token: str = ""


@dataclass(frozen=True, kw_only=True)
class Signed:
    """What a signature covers. `query` is as it arrived; names of headers are in lower case."""

    method: str
    bucket: str
    key: str
    query: str
    headers: Mapping[str, str]


def pairs(query: str) -> list[tuple[str, str]]:
    """Return the names and values of a query, decoded, in their order. A plus is a space: oss2 sends it so."""
    parts = (part.partition("=") for part in query.split("&") if part)
    return [(unquote_plus(name), unquote_plus(value)) for name, _, value in parts]


def canonical_query(query: str) -> str:
    """Return the query as it is signed: encoded again, sorted, without `=` after an empty value and without the signature."""
    encoded = sorted((quote(name, safe=""), quote(value, safe="")) for name, value in pairs(query) if name != "x-oss-signature")
    return "&".join(f"{name}={value}" if value else name for name, value in encoded)


def string_to_sign(request: Signed, *, moment: str, scope: str, additional: list[str]) -> str:
    path = f"/{request.bucket}/{request.key}" if request.bucket else f"/{request.key}"
    covered = sorted(name for name in request.headers if name.startswith("x-oss-") or name in ALWAYS_SIGNED or name in additional)
    lines = [
        request.method,
        quote(path, safe="/"),
        canonical_query(request.query),
        "".join(f"{name}:{request.headers[name].strip()}\n" for name in covered),
        ";".join(additional),
        request.headers.get("x-oss-content-sha256", PAYLOAD),
    ]
    digest = hashlib.sha256("\n".join(lines).encode(errors="surrogateescape")).hexdigest()
    return "\n".join((ALGORITHM, moment, scope, digest))


def sign(secret: str, scope: str, text: str) -> str:
    """Return the signature of `text`: a key is derived from the secret by each part of the scope."""
    key = f"aliyun_v4{secret}".encode()
    for part in scope.split("/"):
        key = hmac.new(key, part.encode(), hashlib.sha256).digest()
    return hmac.new(key, text.encode(), hashlib.sha256).hexdigest()


@dataclass(frozen=True)
class _Claim:
    """What a request says about its signature."""

    credential: str
    signature: str
    additional: str
    moment: str
    token: str
    expires: str | None = None


class Signer:
    """Checks signatures against these keys, for one region."""

    def __init__(self, keys: Mapping[str, Key], region: str) -> None:
        self.keys, self.region = keys, region

    def check(self, request: Signed, now: datetime) -> str | None:
        """Return the access key id that signed, or None for an anonymous request. Raises `OssError`."""
        query = dict(pairs(request.query))
        if "authorization" in request.headers:
            claim = _from_header(request.headers)
        elif "x-oss-signature-version" in query or "x-oss-signature" in query:
            claim = _from_query(query)
        elif "Signature" in query or "OSSAccessKeyId" in query:
            raise Refusals.denied("Signature version 1 is not supported; use version 4.", "")
        else:
            return None
        return self._judge(request, claim, now)

    def _judge(self, request: Signed, claim: _Claim, now: datetime) -> str:
        name, _, scope = claim.credential.partition("/")
        key = self.keys.get(name)
        if key is None:
            message = "There is no such access key id."
            raise OssError(403, "InvalidAccessKeyId", message, "0002-00000902", {"OSSAccessKeyId": name})
        self._check_scope(scope, claim.moment)
        signed_at = _read_moment(claim.moment)
        if claim.expires is None:
            if abs(now - signed_at) > SKEW:
                message = "The request's time and the server's differ by more than 15 minutes."
                details = {"RequestTime": _shown(signed_at), "ServerTime": _shown(now)}
                raise OssError(403, "RequestTimeTooSkewed", message, "0002-00000504", details)
        else:
            _check_life(claim.expires, signed_at, now)
        if claim.token != key.token:
            raise OssError(403, "InvalidSecurityToken", "The security token is not the one of this access key.")
        additional = sorted({word.lower() for word in claim.additional.split(";") if word})
        text = string_to_sign(request, moment=claim.moment, scope=scope, additional=additional)
        if not hmac.compare_digest(sign(key.secret, scope, text), claim.signature):
            message = "The signature is another one than the server computes from StringToSign."
            details = {"OSSAccessKeyId": name, "SignatureProvided": claim.signature, "StringToSign": text}
            raise OssError(403, "SignatureDoesNotMatch", message, "0002-00000201", details)
        return name

    def _check_scope(self, scope: str, moment: str) -> None:
        parts = scope.split("/")
        if len(parts) != 4 or parts[3] != "aliyun_v4_request" or parts[0] != moment[:8]:
            raise Refusals.argument("Invalid credential in Authorization header.", ec="0002-00000203")
        if parts[1] != self.region:  # both: aliyun/alibabacloud-oss-python-sdk-v2#74 and -go-sdk-v2#29
            raise Refusals.argument("Invalid signing region in Authorization header.", ec="0002-00000226")
        if parts[2] != "oss":
            raise Refusals.argument("Invalid signing product in Authorization header.", ec="0002-00000227")


def _from_header(headers: Mapping[str, str]) -> _Claim:
    version, _, rest = headers["authorization"].strip().partition(" ")
    if version == "OSS":
        raise Refusals.denied("Signature version 1 is not supported; use version 4.", "")
    fields = {name.strip(): value.strip() for name, _, value in (part.partition("=") for part in rest.split(","))}
    if version != ALGORITHM or not fields.get("Credential") or not fields.get("Signature"):
        raise Refusals.argument("Authorization header is invalid.", ec="0002-00000203")
    if headers.get("x-oss-content-sha256") != PAYLOAD:
        raise Refusals.argument("The x-oss-content-sha256 header is missing or invalid.", "x-oss-content-sha256")
    moment = headers.get("x-oss-date", "")
    if not moment and "date" in headers:
        try:
            moment = parsedate_to_datetime(headers["date"]).astimezone(UTC).strftime(MOMENT)
        except ValueError:
            moment = ""
    token = headers.get("x-oss-security-token", "")
    return _Claim(fields["Credential"], fields["Signature"], fields.get("AdditionalHeaders", ""), moment, token)


def _from_query(query: Mapping[str, str]) -> _Claim:
    if query.get("x-oss-signature-version") != ALGORITHM:
        version = query.get("x-oss-signature-version", "")
        raise Refusals.argument("Invalid signature version.", "x-oss-signature-version", version, "0002-00000066")
    for name, ec in (("x-oss-credential", ""), ("x-oss-expires", "0002-00000215"), ("x-oss-signature", ""), ("x-oss-date", "")):
        if not query.get(name):
            raise Refusals.argument(f"The query parameter {name} is missing.", name, ec=ec)
    return _Claim(
        query["x-oss-credential"],
        query["x-oss-signature"],
        query.get("x-oss-additional-headers", ""),
        query["x-oss-date"],
        query.get("x-oss-security-token", ""),
        query["x-oss-expires"],
    )


def _read_moment(text: str) -> datetime:
    if not re.fullmatch(r"\d{8}T\d{6}Z", text):
        raise Refusals.denied("The request has no valid time.", "0002-00000503")
    try:
        return datetime.strptime(text, MOMENT).replace(tzinfo=UTC)
    except ValueError:
        raise Refusals.denied("The request has no valid time.", "0002-00000503") from None


def _check_life(expires: str, signed_at: datetime, now: datetime) -> None:
    if not expires.isdecimal() or not 1 <= int(expires) <= LONGEST_S:
        raise Refusals.argument(f"x-oss-expires must be from 1 to {LONGEST_S} seconds.", "x-oss-expires", expires, "0002-00000232")
    if signed_at - now > SKEW:
        raise Refusals.denied("The signed URL is not valid yet.", "")
    end = signed_at + timedelta(seconds=int(expires))
    if now > end:
        refusal = Refusals.denied("Request has expired.", "0002-00000236")
        refusal.details = {"Expires": _shown(end), "ServerTime": _shown(now)}
        raise refusal


def _shown(moment: datetime) -> str:
    return f"{moment:%Y-%m-%dT%H:%M:%S.000Z}"
