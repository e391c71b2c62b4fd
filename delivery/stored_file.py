"""A stored file as an HTTP answer, whole or in part (RFC 9110: ranges in section 14, conditions in section 13).

The caller has already checked that this person may see the file. Works on WSGI: blocks are read as they are sent, nothing is held in
memory. The file is opened only if a byte of it is needed.
"""

import re
import unicodedata
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime
from typing import Any, BinaryIO, Literal, cast

from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.utils.http import content_disposition_header, http_date, parse_etags, parse_http_date_safe, quote_etag

from generation import store
from generation.models import Asset, Video

__all__ = ["Variant", "serve_asset", "serve_file", "serve_video"]

Variant = Literal["video", "poster", "preview"]
MADE_HERE: Mapping[Variant, tuple[str, str]] = {"poster": ("image/webp", ".webp"), "preview": ("video/mp4", ".mp4")}
"""Content type, and suffix of the name, of the files that the portal makes of a video."""
BLOCK_BYTES = 256 * 1024
CACHE_CONTROL = "private, max-age=31536000, immutable"
SINGLE_RANGE = re.compile(r"bytes=[ \t]*(\d{0,18})-(\d{0,18})[ \t]*", re.ASCII | re.IGNORECASE)


class FileSlice:
    """An iterator over part of an open file, in blocks; closes the file."""

    def __init__(self, file: BinaryIO, span: range) -> None:
        self._file = file
        self._close = file.close  # kept: Django's WSGI handler replaces the file's `close` by the response's, which calls ours
        self._left = len(span)
        if span.start:
            file.seek(span.start)

    def __iter__(self) -> Iterator[bytes]:
        while self._left > 0:
            block = self._file.read(min(BLOCK_BYTES, self._left))
            if not block:
                return
            self._left -= len(block)
            yield block

    def close(self) -> None:
        self._close()


class FileResponse(StreamingHttpResponse):
    """A response whose open file the server may send by itself (`wsgi.file_wrapper`), so that no thread waits for a slow reader."""

    block_size = BLOCK_BYTES

    def __init__(self, file: BinaryIO, span: range) -> None:
        super().__init__(FileSlice(file, span))
        self.file_to_stream = file


def serve_video(
    request: HttpRequest, video: Video, variant: Variant = "video", *, inline: bool = True, width: int | None = None
) -> HttpResponseBase:
    """Send the video, its poster or its preview. Both are made from the video, so its hash names their content too. Raises as the store.

    `width` asks for the narrowest poster that has so many pixels in width.
    """
    content_type, suffix = MADE_HERE.get(variant) or (video.content_type, video.suffix)
    key, part = getattr(video, "file" if variant == "video" else variant), str(variant)
    if variant == "poster" and width:
        has, key = video.poster_for(width)
        part = f"poster-{has}"
    return _serve_stored(
        request,
        key,
        etag=f"{video.sha256[:32]}-{part}",
        content_type=content_type,
        last_modified=video.created_at,
        download_name=f"{video.title or video.pk}{suffix}",
        inline=inline,
    )


def serve_asset(request: HttpRequest, asset: Asset) -> HttpResponseBase:
    """Send an image that a user gave. Raises as the store."""
    return _serve_stored(request, asset.file, etag=asset.sha256[:32], content_type=asset.content_type, last_modified=asset.created_at)


def _serve_stored(request: HttpRequest, key: str, **facts: Any) -> HttpResponseBase:
    return serve_file(request, lambda: cast("BinaryIO", store.open_file(key)), size=store.size(key), **facts)


def serve_file(
    request: HttpRequest,
    file_opener: Callable[[], BinaryIO],
    *,
    size: int,
    etag: str,
    content_type: str,
    download_name: str | None = None,
    inline: bool = False,
    last_modified: datetime | None = None,
) -> HttpResponseBase:
    """Answer with 200, 206, 304 or 416 for a file that never changes under its `etag`.

    With `download_name` the browser saves the file under it, or shows it and remembers the name when `inline` is set.
    """
    etag = quote_etag(etag)
    if _is_fresh(request, etag, last_modified):
        return _dressed(HttpResponse(status=304), etag, last_modified)
    asked = _asked_part(request, etag, last_modified)
    span = range(size) if asked is None else _span_of(asked, size)
    if asked and not span:
        refusal = HttpResponse(status=416, headers={"Content-Range": f"bytes */{size}", "Accept-Ranges": "bytes"})
        refusal["Cache-Control"] = "no-store"
        return refusal
    response: HttpResponseBase = HttpResponse() if request.method == "HEAD" else FileResponse(file_opener(), span)
    response["Content-Type"] = content_type
    response["Content-Length"] = str(len(span))
    if asked:  # also for the whole file: Safari plays nothing from a server that answers `bytes=0-` with 200
        response.status_code = 206
        response["Content-Range"] = f"bytes {span.start}-{span.stop - 1}/{size}"
    if download_name and (disposition := content_disposition_header(not inline, _safe_name(download_name))):
        response["Content-Disposition"] = disposition
    return _dressed(response, etag, last_modified)


def _dressed(response: HttpResponseBase, etag: str, last_modified: datetime | None) -> HttpResponseBase:
    response["ETag"] = etag
    response["Accept-Ranges"] = "bytes"
    response["Cache-Control"] = CACHE_CONTROL
    response["X-Content-Type-Options"] = "nosniff"
    if last_modified is not None:
        response["Last-Modified"] = http_date(last_modified.timestamp())
    return response


def _is_fresh(request: HttpRequest, etag: str, last_modified: datetime | None) -> bool:
    if "If-None-Match" in request.headers:
        known = parse_etags(request.headers["If-None-Match"])
        return "*" in known or etag in {tag.removeprefix("W/") for tag in known}
    since = parse_http_date_safe(request.headers.get("If-Modified-Since", ""))
    return since is not None and last_modified is not None and int(last_modified.timestamp()) <= since


def _asked_part(request: HttpRequest, etag: str, last_modified: datetime | None) -> tuple[str, str] | None:
    """Return the first and last byte as asked for; None without a range and for a list, an unknown unit or nonsense: the whole file."""
    found = SINGLE_RANGE.fullmatch(request.headers.get("Range", ""))
    if request.method != "GET" or found is None or not _range_holds(request, etag, last_modified):
        return None
    first, last = found[1], found[2]
    return None if not (first or last) or (first and last and int(last) < int(first)) else (first, last)


def _span_of(asked: tuple[str, str], size: int) -> range:
    """Return the bytes to send; none if the part lies outside."""
    first, last = asked
    start = int(first) if first else max(0, size - int(last))  # without a start, `last` counts from the end
    return range(start, min(int(last) + 1, size) if first and last else size)


def _range_holds(request: HttpRequest, etag: str, last_modified: datetime | None) -> bool:
    """Return whether the caller's part is of this very file: If-Range requires the exact strong tag or the exact date."""
    condition = request.headers.get("If-Range", "").strip()
    if not condition:
        return True
    if condition.startswith(('"', "W/")):
        return condition == etag
    date = parse_http_date_safe(condition)
    return date is not None and last_modified is not None and date == int(last_modified.astimezone(UTC).timestamp())


def _safe_name(name: str) -> str:
    """Replace control characters and what separates paths; Django encodes the rest."""
    visible = "".join(" " if unicodedata.category(letter).startswith("C") else letter for letter in name)
    return re.sub(r'[\\/:*?"<>|]+', "_", visible).strip(" .") or "file"
