"""Reads where a finished video is, wherever a vendor or a gateway puts its address, and says which addresses get the account's key. Pure.

The places are those of QuantumNous/new-api (`result_url`, `metadata.url`, `fail_reason` in older releases; none in 1.0.0-rc.30, its issue
7194), chenyme/grok2api (`video.url`), Aurora AI (`output_url`), Inworld (`output.videos[0].url`), a router (`unsigned_urls`), Token360
(`url`, `video_url`) and APIMart (`data.result.videos[0].url`, a list): their docs and sources, read 2026-11-29. new-api takes its own
address from a setting, which is localhost until somebody changes it (relay/channel/task/taskcommon/helpers.go@016c88c).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import timedelta
from itertools import chain
from typing import Any
from urllib.parse import SplitResult, unquote, urljoin, urlsplit

from providers.core.errors import UnexpectedReply
from providers.core.states import plain
from providers.core.types import Output, Place

__all__ = ["addresses_in", "is_loopback", "output_of", "same_origin"]

NAMES: tuple[str, ...] = (
    *("videourl", "resulturl", "outputurl", "downloadurl", "contenturl", "url", "uri"),
    *("videourls", "resulturls", "outputurls", "unsignedurls", "urls", "resource"),
)
"""Fields that hold an address, several, or an object with one; as `plain` writes them, the most telling first."""
HOLDERS: tuple[str, ...] = (
    *("video", "videos", "output", "outputs", "result", "results", "taskresult", "videoresult", "content", "data", "metadata"),
    *("response", "works", "generations"),
)
"""Fields whose objects have such fields, or which hold addresses themselves. Pictures and what was ordered are in none of them."""
OLD_PLACE = "fail_reason"
"""Where older releases of new-api keep the address of a finished video."""
DEEPEST = 8
MOST_PLACES = 5
LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1", "0.0.0.0"})  # noqa: S104 - recognised, never bound
PORTS: Mapping[str, int] = {"http": 80, "https": 443}


def output_of(
    *parts: Mapping[str, Any], life: timedelta, duration_s: float | None = None, base_url: str = "", file_url: str = ""
) -> Output:
    """Return the finished file, whose address is in one of the `parts` of the answer, the likeliest first. Raise `UnexpectedReply` when
    none has one and there is no `file_url`.

    `base_url` is the account's own service, if that may have the file: addresses at its origin are fetched with the key, others without.
    `file_url` is where that service surely has it: it replaces an address of the same file under another name of the service, and is
    tried last.
    """
    places = list(dict.fromkeys(_places(parts, base_url, file_url)))[:MOST_PLACES]
    if not places:
        raise UnexpectedReply("The vendor says that the task succeeded but gives no video address.")
    first, *others = places
    return Output(url=first.url, headers_needed=first.headers_needed, expires_in=life, duration_s=duration_s, others=tuple(others))


def addresses_in(part: Mapping[str, Any]) -> Iterator[str]:
    """Yield every address at which a part of an answer may say that the video is, the likeliest first."""
    yield from filter(_is_address, chain(_texts(part, DEEPEST), _texts(part.get(OLD_PLACE), 0)))


def same_origin(url: str, other: str) -> bool:
    """Return whether both addresses have one scheme, host and port. What cannot be read has no origin."""
    first, second = _split(url), _split(other)
    return first is not None and second is not None and _origin(first) == _origin(second)


def is_loopback(host: str | None) -> bool:
    """Return whether the host means the machine itself: services that do not know their own name write that."""
    return (host or "") in LOOPBACK


def _places(parts: Iterable[Mapping[str, Any]], base_url: str, file_url: str) -> Iterator[Place]:
    base, own = urlsplit(base_url), urlsplit(file_url)
    for text in chain.from_iterable(map(addresses_in, parts)):
        found = _split(text, base_url)
        if found is None:
            continue
        if file_url and _tail(found) == _tail(own):
            yield Place(url=file_url, headers_needed=True)
        if base_url and is_loopback(found.hostname) and not is_loopback(base.hostname):
            found = found._replace(scheme=base.scheme, netloc=base.netloc)
        yield Place(url=found.geturl(), headers_needed=_origin(found) == _origin(base))
    if file_url:
        yield Place(url=file_url, headers_needed=True)


def _tail(url: SplitResult) -> list[str]:
    """Return the end of the path that names the file: what is before it depends on the host."""
    return unquote(url.path).split("/")[-3:]


def _texts(value: Any, deeper: int) -> Iterator[str]:
    """Yield the texts under names for addresses, here and in what holds such names."""
    if isinstance(value, str):
        yield value.strip()
    elif deeper and isinstance(value, list):
        for item in value:
            yield from _texts(item, deeper - 1)
    elif deeper and isinstance(value, dict):
        fields = {plain(name): item for name, item in value.items() if item}
        for name in (*NAMES, *HOLDERS):
            yield from _texts(fields.get(name), deeper - 1)


def _is_address(text: str) -> bool:
    return text.lower().startswith(("https://", "http://")) or (text.startswith("/") and len(text) > 1)


def _split(url: str, base_url: str = "") -> SplitResult | None:
    try:
        found = urlsplit(urljoin(base_url, url) if url.startswith("/") else url)
        return found if found.hostname and (found.port is None or found.port) and found.scheme in PORTS else None
    except ValueError:
        return None


def _origin(url: SplitResult) -> tuple[str, str, int, str]:
    """Return scheme, host, port and user info; an address with user info is never the account's own."""
    return url.scheme, url.hostname or "", url.port or PORTS.get(url.scheme, 0), url.netloc.rpartition("@")[0]
