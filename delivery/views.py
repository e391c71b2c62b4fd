"""The addresses of links: no sign-in, no cookie, one query; for players and programs of any origin."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.utils.cache import patch_vary_headers
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods

from delivery.links import find_video
from delivery.stored_file import serve_video
from generation.errors import BUSY_FOR_S, NotThere
from generation.store import StorageUnavailable

__all__ = ["open_link"]

URL_LIFE_S = 3600
"""How long the bucket's address behind a link is valid, and so how long a revoked link may go on playing. A player keeps the address, and
asks there for the next part after a pause."""
LONGEST_NAME = 200
GONE = """\
This link does not work. It has expired, was revoked, or is not complete. Ask the person who sent it to you for a new one.

此链接无法使用：可能已过期、已被吊销，或地址不完整。请向发送者索取新链接。
"""


@csrf_exempt
@require_http_methods(["GET", "HEAD", "OPTIONS"])
def open_link(request: HttpRequest, token: str, variant: str, suffix: str) -> HttpResponseBase:  # noqa: ARG001 - the suffix is for readers
    """Send the video, its poster or its preview. Every reason why a link does not work has the same answer."""
    if request.method == "OPTIONS":
        response: HttpResponseBase = HttpResponse(status=204)
        response["Access-Control-Allow-Methods"] = "GET, HEAD"
        response["Access-Control-Allow-Headers"] = "Range, If-Range, If-None-Match, If-Modified-Since"
        response["Access-Control-Max-Age"] = "86400"
    else:
        response = _answer(request, token, variant)
    response["Access-Control-Allow-Origin"] = "*"
    response["Access-Control-Expose-Headers"] = "Accept-Ranges, Content-Disposition, Content-Length, Content-Range, ETag"
    patch_vary_headers(response, ["Origin"])
    response["Cross-Origin-Resource-Policy"] = "cross-origin"
    response["Referrer-Policy"] = "no-referrer"
    return response


def _answer(request: HttpRequest, token: str, variant: str) -> HttpResponseBase:
    try:
        inline = request.GET.get("download") != "1"
        # `<video crossorigin>` must be allowed by whoever sends the file; a bucket without a CORS rule allows nothing, so we send it
        may_redirect = "Origin" not in request.headers
        video = find_video(token)
        response = serve_video(
            request,
            video,
            variant,  # type: ignore[arg-type]
            inline=inline,
            url_life_s=URL_LIFE_S,
            may_redirect=may_redirect,
            name=request.GET.get("name", "")[:LONGEST_NAME],
        )
    except NotThere:
        response = HttpResponse(GONE, status=404, content_type="text/plain; charset=utf-8")
        response["Cache-Control"] = "no-store"
        return response
    except StorageUnavailable as error:  # answered here, so that a player of another origin may read it
        response = HttpResponse(error.message, status=error.status, content_type="text/plain; charset=utf-8")
        response["Cache-Control"], response["Retry-After"] = "no-store", str(BUSY_FOR_S)
        return response
    if response.status_code == 302:
        response["Cache-Control"] = "no-store"  # a revoked link must not go on from a cache
    elif "immutable" in response["Cache-Control"]:
        response["Cache-Control"] = "private, no-cache"  # kept, and asked about each time
    return response
