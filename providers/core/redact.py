"""Keeps secrets and bulk out of what is stored, logged or shown.

`Mask` goes over a vendor's answer before anything reads it; `redact` over what we store of our own requests and errors.
"""

from __future__ import annotations

import base64
import html
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import lru_cache
from typing import Any
from urllib.parse import unquote_to_bytes, urlsplit, urlunsplit

__all__ = ["Mask", "mask_for", "redact", "redact_url"]

MASK = "•••"
LONGEST = 4_000
BULK = 512
BASE64 = re.compile(r"(data:[^,]{0,80},)?[A-Za-z0-9+/=_-]+")
JWT = re.compile(r"eyJ[\w-]+\.[\w-]+\.[\w-]+")
SECRET_HEADERS = frozenset({"authorization", "cookie", "x-api-key", "set-cookie", "proxy-authorization"})


def redact(value: Any, secrets: Iterable[str] = ()) -> Any:
    """Return a copy of a JSON-like value that can be stored: secrets masked, secret headers masked, base64 bulk replaced by its length."""
    known = tuple(secret for secret in secrets if secret)
    return _redact(value, known)


def _redact(value: Any, secrets: tuple[str, ...]) -> Any:
    if isinstance(value, Mapping):
        return {str(key): MASK if str(key).lower() in SECRET_HEADERS else _redact(item, secrets) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_redact(item, secrets) for item in value]
    if isinstance(value, str):
        return _redact_text(value, secrets)
    return value


def _redact_text(text: str, secrets: tuple[str, ...]) -> str:
    for secret in secrets:
        text = text.replace(secret, MASK)
    text = text.replace("\x00", "?")  # no database takes it
    if len(text) > BULK and BASE64.fullmatch(text, 0, BULK):
        return f"<{len(text)} characters left out>"
    text = JWT.sub(MASK, text)
    return text if len(text) <= LONGEST else f"{text[:LONGEST]}… ({len(text)} characters)"


SHORTEST = 12
"""Characters of a secret that are masked in an answer. Fewer would occur by chance in an id or an address, and without those a paid render
is lost.
"""
BLOCK = 6
STRIDE = SHORTEST - BLOCK + 1
"""Of blocks of an answer that begin so far apart, at least one lies wholly in each run of SHORTEST characters."""
ESCAPED = re.compile(rb"\\\\|\\u00([2-7][0-9a-fA-F])")
VIEWS: tuple[tuple[bytes, Callable[[bytes], bytes]], ...] = (
    (b"\x00", lambda body: body.replace(b"\x00", b"")),  # UTF-16 and UTF-32, which JSON may come in
    (b"\\u00", lambda body: ESCAPED.sub(_unescaped, body)),
    (b"%", unquote_to_bytes),
    (b"&", lambda body: html.unescape(body.decode("utf-8", "surrogateescape")).encode("utf-8", "surrogateescape")),
)
"""Other ways to write a text, each with bytes that it always contains."""


def _unescaped(found: re.Match[bytes]) -> bytes:
    """Return the character itself, but for those that JSON must escape."""
    plain = bytes.fromhex(found[1].decode()) if found[1] else b""
    return found[0] if plain in {b"", b'"', b"\\"} else plain


class Mask:
    """Covers an account's secrets in what its vendor answers: whole or in part, in any letter case, plain, escaped, as hex or as base64."""

    def __init__(self, secrets: Iterable[str]) -> None:
        needles = {needle.lower() for secret in secrets if len(secret) >= SHORTEST for needle in _spellings(secret.encode())}
        self._blocks = frozenset(needle[at : at + BLOCK] for needle in needles for at in range(len(needle) - BLOCK + 1))
        self._needles = sorted(needles)

    def covered(self, body: bytes, sent: Iterable[str] = ()) -> bytes:
        """Return the body with each secret, and each text that was `sent` with the request, masked. What holds none is unchanged."""
        body = self._cover(body)
        for marker, view in VIEWS:
            if marker in body and (seen := view(body)) != body and (masked := self._cover(seen)) != seen:
                body = masked
        low = body.lower()
        for text in sent:
            if text.lower().encode() in low:
                body = re.sub(re.escape(text.encode()), MASK.encode(), body, flags=re.IGNORECASE)
        return body

    def _may_hold(self, body: bytes) -> bool:
        low = body.lower()
        return not self._blocks.isdisjoint(low[at : at + BLOCK] for at in range(0, len(low) - BLOCK + 1, STRIDE))

    def _cover(self, body: bytes) -> bytes:
        if not self._may_hold(body):
            return body
        low, masked, end = body.lower(), bytearray(), 0
        for start, stop in sorted(run for needle in self._needles for run in _runs(low, needle)):
            whole = low[start:stop] in self._needles
            if stop > end and (whole or _is_random(body[start:stop])):
                masked += body[end : max(start, end)] + (MASK.encode() if start >= end else b"")
                end = stop
        return bytes(masked + body[end:])


@lru_cache(maxsize=256)
def mask_for(secrets: tuple[str, ...]) -> Mask:
    """Return the mask over these secrets; building one costs more than using it."""
    return Mask(secrets)


def _spellings(secret: bytes) -> Iterator[bytes]:
    """Yield the secret in plain, in hex, and in base64 for each of the three places in a longer text where it may begin."""
    yield secret
    yield secret.hex().encode()
    for before in range(3):
        first, last = -(-before * 8 // 6), (before + len(secret)) * 8 // 6
        for encode in (base64.b64encode, base64.urlsafe_b64encode):
            yield encode(bytes(before) + secret)[first:last]


def _runs(low: bytes, needle: bytes) -> Iterator[tuple[int, int]]:
    """Yield where at least SHORTEST characters of the needle are in a row."""
    for at in range(0, len(needle) - BLOCK + 1, BLOCK):
        place = low.find(needle[at : at + BLOCK])
        while place >= 0:
            start, stop = place, place + BLOCK
            while start > 0 and at - (place - start) > 0 and low[start - 1] == needle[at - (place - start) - 1]:
                start -= 1
            while stop < len(low) and at + stop - place < len(needle) and low[stop] == needle[at + stop - place]:
                stop += 1
            if stop - start >= SHORTEST:
                yield start, stop
            place = low.find(needle[at : at + BLOCK], place + 1)


def _is_random(text: bytes) -> bool:
    """Return whether the text looks random. Other parts of a secret may be a word or a row of zeros, which ids and addresses have too."""
    return len(set(text)) >= BLOCK and (any(48 <= byte <= 57 for byte in text) or (text != text.lower() and text != text.upper()))


def redact_url(url: str) -> str:
    """Return the URL without its query and user part: both may carry a signature or a password."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return MASK
    return urlunsplit((parts.scheme, parts.netloc.rpartition("@")[2], parts.path, "", ""))
