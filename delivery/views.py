"""The addresses of links: no sign-in, no cookie, one query; for players and programs of any origin.

A link to a task that has no video yet waits for it (docs/adr/0043): a `<video>` that gets 404 gives up, one whose answer is slow does not.
"""

from __future__ import annotations

from functools import partial
from typing import NamedTuple

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect
from django.template.loader import render_to_string
from django.utils.cache import patch_vary_headers
from django.utils.functional import Promise
from django.utils.translation import get_language, gettext_lazy, override
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods

from access.callers import Caller
from delivery.links import no_video, open_token
from delivery.stored_file import serve_video
from delivery.unlocking import is_unlocked
from delivery.waiting import answer_later, resume
from generation.errors import BUSY_FOR_S, NotThere
from generation.lifecycle import TERMINAL
from generation.models import GenerationTask
from generation.store import StorageUnavailable

__all__ = ["gone", "open_link"]

URL_LIFE_S = 3600
"""How long the bucket's address behind a link is valid, and so how long a revoked link may still play. A player keeps the address, and
requests the next part there after a pause."""
LONGEST_NAME = 200


class Notice(NamedTuple):
    """What there is to say instead of a video, and what to do."""

    heading: Promise
    advice: Promise


GONE = Notice(
    gettext_lazy("This link does not work."),
    gettext_lazy("It has expired, was revoked, or is not complete. Ask the person who sent it to you for a new one."),
)
NOT_YET = Notice(gettext_lazy("This video is being made."), gettext_lazy("It will play at this address."))
NEVER = Notice(gettext_lazy("This video could not be made."), gettext_lazy("The person who ordered it can see why."))
ASK_AGAIN_S = 10
EXPOSED = "Accept-Ranges, Content-Disposition, Content-Length, Content-Range, ETag, Retry-After, X-Request-Id"


@csrf_exempt
@require_http_methods(["GET", "HEAD", "OPTIONS"])
def open_link(request: HttpRequest, token: str, variant: str, suffix: str) -> HttpResponseBase:  # noqa: ARG001 - the suffix is for readers
    """Send the video, its poster or its preview. The answer is the same whatever the reason why a link does not work."""
    if request.method == "OPTIONS":
        response: HttpResponseBase = HttpResponse(status=204)
        response["Access-Control-Allow-Methods"] = "GET, HEAD"
        response["Access-Control-Allow-Headers"] = "Range, If-Range, If-None-Match, If-Modified-Since"
        response["Access-Control-Max-Age"] = "86400"
    else:
        rest: HttpResponseBase | None = resume(request, request)
        response = rest or _answer(request, token, variant, patience_s=_patience_s(request))
    response["Access-Control-Allow-Origin"] = "*"
    response["Access-Control-Expose-Headers"] = EXPOSED
    patch_vary_headers(response, ["Origin"])
    response["Cross-Origin-Resource-Policy"] = "cross-origin"
    response["Referrer-Policy"] = "no-referrer"
    return response


def _patience_s(request: HttpRequest) -> int:
    """Return how long the answer may wait for a video. A HEAD request, or a person who opens the address, is answered at once."""
    return 0 if request.method == "HEAD" or _is_page(request) else settings.HELD_ANSWER_S


def _is_page(request: HttpRequest) -> bool:
    """Return whether a person opens the address in a browser; its players and pictures do not accept HTML."""
    return "text/html" in request.headers.get("Accept", "")


def _answer(request: HttpRequest, token: str, variant: str, *, patience_s: int = 0) -> HttpResponseBase:
    try:
        found, link = open_token(token)
        if link is not None and not is_unlocked(request, link):
            if _is_page(request):
                return redirect("link-page", token)
            raise no_video()
        if isinstance(found, GenerationTask):
            if not patience_s:
                return _without_video(request, found)
            again = partial(_answer, token=token, variant=variant)
            return answer_later(request, found, patience_s, again, by=Caller(user=found.owner)) or again(request)
        inline = request.GET.get("download") != "1"
        if link is not None and ((variant == "video" and link.preview_only) or not (inline or link.may_download)):
            raise no_video()
        # `<video crossorigin>` needs CORS headers from the sender of the file; a bucket may have no CORS rule, so the portal sends it
        may_redirect = "Origin" not in request.headers
        response = serve_video(
            request,
            found,
            variant,  # type: ignore[arg-type]
            inline=inline,
            url_life_s=URL_LIFE_S,
            may_redirect=may_redirect,
            name=request.GET.get("name", "")[:LONGEST_NAME],
        )
    except NotThere:
        return gone(request)
    except StorageUnavailable as error:  # answered here, so that a player of another origin may read it
        response = _text(error.message, status=error.status)
        response["Retry-After"] = str(BUSY_FOR_S)
        return response
    if response.status_code == 302:
        response["Cache-Control"] = "no-store"  # a cache must not serve a revoked link
    elif "immutable" in response["Cache-Control"]:
        response["Cache-Control"] = "private, no-cache"  # cached, but revalidated each time
    return response


def gone(request: HttpRequest) -> HttpResponse:
    """Answer that a link does not work, whatever the reason."""
    return _notice(request, GONE, status=404)


def _without_video(request: HttpRequest, task: GenerationTask) -> HttpResponse:
    """Answer that the video is not there yet, or that there will be none. The reason is only for the owner."""
    if task.state in TERMINAL:
        return _notice(request, NEVER, status=410)
    response = _notice(request, NOT_YET, status=404)
    response["Retry-After"] = str(ASK_AGAIN_S)
    if _is_page(request):
        response["Refresh"] = str(ASK_AGAIN_S)
    return response


def _notice(request: HttpRequest, notice: Notice, *, status: int) -> HttpResponse:
    """Return a page in the reader's language; for a program a text in all of them."""
    if _is_page(request):
        return _text(render_to_string("link.html", {"notice": notice, "language": get_language()}), status=status, kind="text/html")
    said = []
    for language, _name in settings.LANGUAGES:
        with override(language):
            said.append(" ".join(map(str, notice)) + "\n")
    return _text("\n".join(said), status=status)


def _text(words: str, *, status: int, kind: str = "text/plain") -> HttpResponse:
    response = HttpResponse(words, status=status, content_type=f"{kind}; charset=utf-8")
    response["Cache-Control"] = "no-store"
    return response
