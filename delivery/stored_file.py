"""A stored file as an HTTP answer, by one of three ways (docs/storage.md, "How files reach the viewer").

- `X-Accel-Redirect`, where PORTAL_X_ACCEL_PREFIX is set: nginx sends the file.
- A redirect to a signed address, where the storage has addresses: the bucket sends it. `?direct=1` asks for the third way.
- Our own answer, whole or in part (RFC 9110: ranges in section 14, conditions in section 13). Blocks are read as they are sent, nothing
  is held in memory, and the file is opened only if a byte of it is needed.

The caller has already checked that this person may see the file.
"""

import re
import unicodedata
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from datetime import UTC, datetime
from io import BytesIO
from pathlib import PurePosixPath
from typing import BinaryIO, Literal, cast
from urllib.parse import quote, urlsplit

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.utils.http import content_disposition_header, http_date, parse_etags, parse_http_date_safe, quote_etag

from generation import store
from generation.models import Asset, Video

__all__ = ["Variant", "bucket_source", "file_name", "serve_asset", "serve_captions", "serve_file", "serve_video"]

Variant = Literal["video", "poster", "preview"]
MADE_HERE: Mapping[Variant, tuple[str, str]] = {"poster": ("image/webp", ".webp"), "preview": ("video/mp4", ".mp4")}
"""Content type, and suffix of the name, of the files that the portal makes of a video."""
BLOCK_BYTES = 256 * 1024
LONGEST_NAME_BYTES = 255
"""The longest file name on the file systems of Linux."""
CACHE_CONTROL = "private, max-age=31536000, immutable"
BRIEFLY_S = 300
"""Credentials of a role are renewed sooner before their end: boto3 by 10 minutes, oss2 by 15 % of their life."""
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
    """A response whose open file the server may send by itself (`wsgi.file_wrapper`), so that no thread waits for a slow reader.

    Only a file on a disk: the server reads it between the blocks of all other connections, which must not wait for a bucket.
    """

    block_size = BLOCK_BYTES

    def __init__(self, file: BinaryIO, span: range) -> None:
        super().__init__(FileSlice(file, span))
        with suppress(OSError):  # a bucket's file has no descriptor
            file.fileno()
            self.file_to_stream = file


def serve_video(
    request: HttpRequest,
    video: Video,
    variant: Variant = "video",
    *,
    inline: bool = True,
    width: int | None = None,
    url_life_s: int | None = None,
    may_redirect: bool = True,
    name: str = "",
) -> HttpResponseBase:
    """Send the video, its poster or its preview. Both are made from the video, so its hash names their content too, with the mark of a
    poster that was chosen. Raises as the store.

    `width` asks for the narrowest poster that has so many pixels in width. `url_life_s` is how long an address of the bucket is valid; None
    for the setting. `name` is what the browser saves it as, without suffix; its title otherwise.
    """
    content_type, suffix = MADE_HERE.get(variant) or (video.content_type, video.suffix)
    key, part = getattr(video, "file" if variant == "video" else variant), str(variant)
    if variant == "poster" and width:
        has, key = video.poster_for(width)
        part = f"poster-{has}"
    if variant == "poster" and video.poster_mark:
        part = f"{part}-{video.poster_mark}"
    return _serve_stored(
        request,
        key,
        etag=f"{video.sha256[:32]}-{part}",
        content_type=content_type,
        last_modified=video.created_at,
        download_name=file_name(name or video.title or str(video.pk), suffix),
        inline=inline,
        is_small=variant != "video",
        url_life_s=url_life_s or settings.FILE_URL_S,
        may_redirect=may_redirect,
    )


def bucket_source() -> str:
    """Return where signed addresses lead, as a further source of a content policy: ` https://bucket.example`; empty if the portal or nginx
    sends files. Raises as the store.
    """
    address = None if settings.X_ACCEL_PREFIX else store.url("any", expires_s=settings.FILE_URL_S)
    parts = urlsplit(address or "")
    return f" {parts.scheme}://{parts.netloc.encode('idna').decode()}" if address else ""  # a header has ASCII, or browsers ignore it


def serve_asset(request: HttpRequest, asset: Asset, *, name: str = "") -> HttpResponseBase:
    """Send an image that a user gave. With `name`, without suffix, the browser saves it as that. Raises as the store."""
    return _serve_stored(
        request,
        asset.file,
        etag=asset.sha256[:32],
        content_type=asset.content_type,
        last_modified=asset.created_at,
        download_name=file_name(name, PurePosixPath(asset.file).suffix) if name else None,
        is_small=True,
        url_life_s=settings.FILE_URL_S,
    )


def serve_captions(request: HttpRequest, video: Video, language: str) -> HttpResponseBase:
    """Send the captions of this language; `?download=1` saves them. The portal sends them itself, because `<track>` takes nothing from
    another origin. Raises `NotThere` if there are none, and as the store.
    """
    key = video.captions.get(language)
    if key is None:
        raise store.ObjectMissing
    content = store.read(key)
    is_saved = request.GET.get("download") == "1"
    response = serve_file(
        request,
        lambda: BytesIO(content),
        size=len(content),
        etag=PurePosixPath(key).stem,
        content_type="text/vtt; charset=utf-8",
        download_name=file_name(f"{video.title or video.pk}.{language}", ".vtt"),
        inline=not is_saved,
    )
    response["Cache-Control"] = "private, no-cache"  # the address stays when the captions are replaced
    response["Content-Security-Policy"] = "default-src 'none'; sandbox"
    return response


def _serve_stored(
    request: HttpRequest,
    key: str,
    *,
    etag: str,
    content_type: str,
    last_modified: datetime,
    is_small: bool,
    url_life_s: int,
    download_name: str | None = None,
    inline: bool = False,
    may_redirect: bool = True,
) -> HttpResponseBase:
    """Answer by the way that the settings choose. `is_small`: loaded at once, so the redirect to it may be kept for a while."""
    prefix = settings.X_ACCEL_PREFIX
    address = None
    if prefix or (may_redirect and request.GET.get("direct") != "1"):
        address = store.url(
            key,
            expires_s=url_life_s,
            method="HEAD" if request.method == "HEAD" else "GET",
            content_type=content_type,
            cache_control=CACHE_CONTROL,
            download_name=download_name,
            inline=inline,
        )
    if prefix:
        if address is None:
            store.size(key)  # nginx keeps our headers on its own 404, which browsers would then keep for a year
        parts = urlsplit(address or f"/{quote(key)}")
        response = HttpResponse(content_type=content_type)
        response["X-Accel-Redirect"] = prefix + parts.path.lstrip("/") + (f"?{parts.query}" if parts.query else "")
        if download_name and (disposition := content_disposition_header(not inline, download_name)):
            response["Content-Disposition"] = disposition
        response["Cache-Control"] = "private, no-cache" if address else CACHE_CONTROL
        return response
    if address:
        redirect = HttpResponseRedirect(address)
        is_brief = "security-token=" in address.lower()  # it ends with the credentials of a role, and nobody says when that is
        kept_s = BRIEFLY_S if is_brief else url_life_s // 2
        redirect["Cache-Control"] = f"private, max-age={kept_s}" if is_small else "no-store"
        return redirect
    return serve_file(
        request,
        lambda: cast("BinaryIO", store.open_file(key)),
        size=store.size(key),
        etag=etag,
        content_type=content_type,
        last_modified=last_modified,
        download_name=download_name,
        inline=inline,
    )


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

    With `download_name`, which must be safe, the browser saves the file under it, or shows it and remembers the name when `inline` is set.
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
    if download_name and (disposition := content_disposition_header(not inline, download_name)):
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


def file_name(stem: str, suffix: str) -> str:
    """Return a name that every system can write: no control characters, nothing that separates paths, not too long. May be any Unicode."""
    visible = "".join(" " if unicodedata.category(letter).startswith("C") else letter for letter in stem)
    clean = re.sub(r'[\\/:*?"<>|]+', "_", visible).strip(" .") or "file"
    fitting = clean.encode()[: LONGEST_NAME_BYTES - len(suffix)].decode(errors="ignore")  # drops a character that is cut in two
    return fitting.rstrip(" .") + suffix
