"""What several views share: answers to buttons, and finding what a person may see."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.http.response import HttpResponseBase
from django.shortcuts import redirect
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext_lazy, ngettext

from access.callers import Caller, caller_of
from batches.models import Batch
from generation.errors import NotAllowed, NotThere, PortalError
from generation.models import GenerationTask, Video
from generation.ordering.create import Placed
from generation.ordering.page_keys import new_key, read_key
from generation.queries.tasks import task_for

__all__ = [
    "ORDERED_ALREADY",
    "answer",
    "back",
    "found",
    "give_key",
    "known_video",
    "ordered_again",
    "page_key",
    "text_in",
    "the_batch",
    "the_task",
    "the_video",
    "toast",
    "uuid_in",
    "wants_fragment",
]

ORDERED_ALREADY = gettext_lazy("This was already ordered; nothing was ordered twice.")


def the_task(request: HttpRequest, pk: UUID, find: Callable[[Caller, UUID], GenerationTask | None] = task_for) -> GenerationTask:
    """Return the task if this person may see it. Raises Http404."""
    task = find(caller_of(request), pk)
    if task is None:
        raise Http404
    return task


def the_video(request: HttpRequest, pk: UUID) -> Video:
    """Return the video if this person may see it and nobody deleted it. Raises Http404."""
    return _or_404(Video.objects.kept().one_for(caller_of(request), pk))


def known_video(request: HttpRequest, pk: UUID) -> Video:
    """Return the video if this person may see it, also one that was deleted, with what its page shows. Raises Http404."""
    return _or_404(Video.objects.select_related("task__prompt", "owner").one_for(caller_of(request), pk))


def the_batch(request: HttpRequest, pk: UUID) -> Batch:
    """Return the batch if this person may see it. Raises Http404."""
    batch = Batch.objects.select_related("owner", "token").one_for(caller_of(request), pk)
    if batch is None:
        raise Http404
    return batch


def _or_404(row: Video | None) -> Video:
    if row is None:
        raise Http404
    return row


def uuid_in(request: HttpRequest, name: str) -> UUID | None:
    """Return the UUID in the address's query, or None: with a bad cursor the first page is shown."""
    try:
        return UUID(request.GET.get(name, ""))
    except ValueError:
        return None


def text_in(request: HttpRequest, name: str, most: int = 200) -> str:
    """Return the text in the address's query, stripped, and without the NUL characters that PostgreSQL does not take."""
    return request.GET.get(name, "").replace("\x00", "").strip()[:most]


def page_key(request: HttpRequest) -> UUID:
    """Return the key of the page whose button sent this."""
    return read_key(request.POST.get("key", ""))


def give_key(response: HttpResponse) -> None:
    """Give the page a new key: its reader has seen this answer, so the next press is a new order. once.js puts it into the forms."""
    response["X-Next-Key"] = new_key()


def found(serve: Callable[[], HttpResponseBase]) -> HttpResponseBase:
    """Return what `serve` answers; a file that is missing in the storage is a 404."""
    try:
        return serve()
    except NotThere as gone:
        raise Http404 from gone


def wants_fragment(request: HttpRequest) -> bool:
    """Return whether a script asks, which does not follow a redirect to a page."""
    return request.headers.get("HX-Request") == "true"


def answer(
    request: HttpRequest,
    act: Callable[[], str],
    *,
    to: str = "",
    gone: Iterable[UUID] = (),
    video: tuple[UUID, str] | None = None,
    undo: str = "",
    news: Mapping[str, Any] | None = None,
) -> HttpResponse:
    """Perform `act` and answer with its words: a toast for a script (204), a redirect with a message for a form. A refusal says why.

    `gone` are tasks whose cards the script takes off the lists that they no longer belong to. `video` is one that is now `kept`,
    `binned` or `purged`: its tile comes or goes. `undo` is the address that takes it back, as a button beside the words. `news` are
    other events for the script.
    """
    try:
        words, level, status = act(), messages.SUCCESS, 204
    except PortalError as error:
        if isinstance(error, NotAllowed) and not wants_fragment(request):
            raise PermissionDenied(error.message) from error
        words, level, status = error.message, messages.ERROR, error.status
    if wants_fragment(request):
        if level != messages.SUCCESS:
            return toast(words, level, status)
        told: dict[str, Any] = {"portal:gone": {"ids": [str(pk) for pk in gone]}} | dict(news or {})
        if video:
            told["portal:video"] = {"id": str(video[0]), "state": video[1]}
        response = toast(words, level, status, told, undo=undo)
        give_key(response)
        return response
    messages.add_message(request, level, words, extra_tags=undo if level == messages.SUCCESS else "")
    return redirect(to) if to and level == messages.SUCCESS else back(request)


def ordered_again(placed: Iterable[Placed]) -> str:
    """Order what this yields, and say how many are new. A refusal ends it; it is raised if nothing was ordered before."""
    count = 0
    try:
        for _task, is_new in placed:
            count += is_new
    except PortalError as refusal:
        if not count:
            raise
        words = ngettext("%(n)d video was ordered again, then: %(why)s", "%(n)d videos were ordered again, then: %(why)s", count)
        return words % {"n": count, "why": refusal.message}
    if not count:
        return str(ORDERED_ALREADY)
    return ngettext("%(n)d video was ordered again.", "%(n)d videos were ordered again.", count) % {"n": count}


def toast(words: str, level: int, status: int, news: Mapping[str, Any] | None = None, *, undo: str = "") -> HttpResponse:
    """Answer the script that asked with words to show, the address that undoes what was done, and events with what else is new."""
    tone = "ok" if level == messages.SUCCESS else "bad"
    said = {"text": words, "tone": tone} | ({"undo": undo} if undo else {})
    response = HttpResponse(status=status)
    response["HX-Trigger"] = json.dumps({"portal:toast": said, "portal:created": {}} | dict(news or {}))
    response["HX-Reswap"] = "none"  # there is nothing to put in place of what is on the page
    return response


def back(request: HttpRequest) -> HttpResponseRedirect:
    """Redirect to the page that has the form, if it is one of ours."""
    for target in (request.POST.get("next", ""), request.headers.get("Referer", "")):
        if target and url_has_allowed_host_and_scheme(target, {request.get_host()}, require_https=request.is_secure()):
            return HttpResponseRedirect(target)
    return HttpResponseRedirect("/")
