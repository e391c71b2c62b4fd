"""What several views share: the answer to a button, and finding what a person may see. No page of its own."""

from __future__ import annotations

import json
from collections.abc import Callable
from uuid import UUID

from django.contrib import messages
from django.contrib.auth.models import User
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.http.response import HttpResponseBase
from django.shortcuts import redirect
from django.utils.http import url_has_allowed_host_and_scheme

from access.callers import caller_of
from generation.errors import NotAllowed, NotThere, PortalError
from generation.models import GenerationTask, Video
from generation.ordering.page_keys import new_key, read_key
from generation.queries.tasks import task_for, task_in_full

__all__ = [
    "answer",
    "back",
    "found",
    "give_key",
    "page_key",
    "parse_uuid",
    "the_task",
    "the_user",
    "the_video",
    "the_whole_task",
    "toast",
    "wants_fragment",
]


def the_user(request: HttpRequest) -> User:
    """The signed-in person; views behind login_required have one."""
    assert isinstance(request.user, User)
    return request.user


def the_task(request: HttpRequest, pk: UUID) -> GenerationTask:
    task = task_for(caller_of(request), pk)
    if task is None:
        raise Http404
    return task


def the_whole_task(request: HttpRequest, pk: UUID) -> GenerationTask:
    """With its events and attempts."""
    task = task_in_full(caller_of(request), pk)
    if task is None:
        raise Http404
    return task


def the_video(request: HttpRequest, pk: UUID) -> Video:
    seen = Video.objects.visible_to(caller_of(request)).select_related("task__prompt", "task__account", "task__owner", "owner")
    video: Video | None = seen.filter(pk=pk).first()
    if video is None:
        raise Http404
    return video


def parse_uuid(text: str) -> UUID | None:
    """None for what is no UUID: a bad cursor in an address shows the first page."""
    try:
        return UUID(text)
    except ValueError:
        return None


def page_key(request: HttpRequest) -> UUID:
    """Return the key of the page whose button sent this."""
    return read_key(request.POST.get("key", ""))


def give_key(response: HttpResponse) -> None:
    """Give the page a new key: its reader has seen this answer, and the next press is a new intent. once.js puts it into the forms."""
    response["X-Next-Key"] = new_key()


def found(serve: Callable[[], HttpResponseBase]) -> HttpResponseBase:
    """What `serve` answers; a file that is not in storage is a page that does not exist."""
    try:
        return serve()
    except NotThere as gone:
        raise Http404 from gone


def wants_fragment(request: HttpRequest) -> bool:
    """A script asks, and will not follow a redirect to a page."""
    return request.headers.get("HX-Request") == "true"


def answer(request: HttpRequest, act: Callable[[], str], *, to: str = "") -> HttpResponse:
    """Do it and say so: a toast for scripts (204), a redirect with a message without; a refusal says why and does nothing."""
    try:
        words, level, status = act(), messages.SUCCESS, 204
    except PortalError as error:
        if isinstance(error, NotAllowed) and not wants_fragment(request):
            raise PermissionDenied(error.message) from error
        words, level, status = error.message, messages.ERROR, error.status
    if wants_fragment(request):
        response = toast(words, level, status)
        if level == messages.SUCCESS:
            give_key(response)
        return response
    messages.add_message(request, level, words)
    return redirect(to) if to else back(request)


def toast(words: str, level: int, status: int) -> HttpResponse:
    """Words for the script that asked."""
    tone = "ok" if level == messages.SUCCESS else "bad"
    response = HttpResponse(status=status)
    response["HX-Trigger"] = json.dumps({"portal:toast": {"text": words, "tone": tone}, "portal:created": {}})
    return response


def back(request: HttpRequest) -> HttpResponseRedirect:
    """To where the form stood, if that is one of our own pages."""
    for target in (request.POST.get("next", ""), request.headers.get("Referer", "")):
        if target and url_has_allowed_host_and_scheme(target, {request.get_host()}, require_https=request.is_secure()):
            return HttpResponseRedirect(target)
    return HttpResponseRedirect("/")
