"""The review of videos: decisions and comments on a video's page, and the queue of what waits for a decision."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any
from uuid import UUID

from django import forms
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from access.callers import caller_of
from generation.errors import InvalidRequest, NotThere, PortalError
from generation.models import Video
from generation.models.video import ReviewState
from library import comments
from library.models import Comment
from library.review import LONGEST_NOTE, NONE, review, waiting_for
from web.presenters.review import review_of, waiting_rows
from web.presenters.words import title_and_language
from web.views.common import answer, the_video, toast, uuid_in, wants_fragment

__all__ = ["change", "comment", "decide", "delete", "queue"]

MOST_WAITING = 50
STATES = [NONE, *ReviewState.values]


class DecisionForm(forms.Form):
    """What is decided, and about which state."""

    state = forms.ChoiceField(choices=[(one, one) for one in STATES])
    seen = forms.ChoiceField(choices=[(one, one) for one in STATES])
    note = forms.CharField(max_length=LONGEST_NOTE, required=False)


class CommentForm(forms.Form):
    """A comment, and the time that it is about."""

    text = forms.CharField(max_length=comments.LONGEST_COMMENT)
    at = forms.CharField(max_length=20, required=False)


@login_required
@require_GET
def queue(request: HttpRequest) -> HttpResponse:
    """Show the video that waits longest, or another one of the queue, with what was said of it."""
    caller, mine = caller_of(request), request.GET.get("who") == "mine"
    found = list(waiting_for(caller, mine=mine).select_related("task__prompt", "owner")[: MOST_WAITING + 1])
    videos, wanted, query = found[:MOST_WAITING], uuid_in(request, "video"), {"who": "mine"} if mine else {}
    place = next((number for number, one in enumerate(videos) if one.pk == wanted), 0)
    rows = waiting_rows(videos, place, caller, query)
    context: dict[str, Any] = {"waiting": rows, "mine": mine, "more": len(found) > MOST_WAITING}
    if videos:
        shown, (title, language) = videos[place], title_and_language(videos[place].task)
        before, after = rows[place - 1].href if place else "", rows[place + 1].href if place + 1 < len(rows) else ""
        context |= {"video": shown, "title": title, "title_lang": language, "tile": rows[place].tile}
        context |= {"previous_url": before, "next_url": after}
        context["review"] = review_of(shown, caller, next_url=after or reverse("review-queue", query=query))
    return render(request, "review/queue.html", context)


@login_required
@require_POST
def decide(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Ask for a review, approve, reject or take it back."""
    video, form = the_video(request, pk), DecisionForm(request.POST)

    def act() -> str:
        if not form.is_valid():
            raise InvalidRequest(_("The decision could not be read. Reload the page."))
        state, seen = ("" if form.cleaned_data[name] == NONE else form.cleaned_data[name] for name in ("state", "seen"))
        review(video, state, by=caller_of(request), note=form.cleaned_data["note"], seen=seen)
        return {"": _("Taken back."), "wanted": _("Review asked for."), "approved": _("Approved."), "rejected": _("Rejected.")}[state]

    return _panel(request, video, act, is_decision=True)


@login_required
@require_POST
def comment(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Write a comment."""
    video, form = the_video(request, pk), CommentForm(request.POST)

    def act() -> str:
        comments.add(video, _text(form), by=caller_of(request), at_s=comments.moment_typed(form.cleaned_data["at"]))
        return _("Comment added.")

    return _panel(request, video, act, is_new=True)


@login_required
@require_POST
def change(request: HttpRequest, pk: UUID, comment_pk: UUID) -> HttpResponse:
    """Edit a comment, or with `resolved` 1 or 0 say whether it is done."""
    video = the_video(request, pk)
    row = _the_comment(video, comment_pk)

    def act() -> str:
        resolved = request.POST.get("resolved")
        if resolved is None:
            comments.change(row, by=caller_of(request), text=_text(CommentForm(request.POST)))
            return _("Comment changed.")
        comments.change(row, by=caller_of(request), resolved=resolved == "1")
        return _("Resolved.") if resolved == "1" else _("Open again.")

    return _panel(request, video, act)


@login_required
@require_POST
def delete(request: HttpRequest, pk: UUID, comment_pk: UUID) -> HttpResponse:
    """Delete a comment."""
    video = the_video(request, pk)
    row = _the_comment(video, comment_pk)

    def act() -> str:
        comments.delete(row, by=caller_of(request))
        return _("Comment deleted.")

    return _panel(request, video, act)


def _text(form: CommentForm) -> str:
    if not form.is_valid():
        raise InvalidRequest(_("Write 1 to %(most)d characters.") % {"most": comments.LONGEST_COMMENT})
    return str(form.cleaned_data["text"])


def _the_comment(video: Video, pk: UUID) -> Comment:
    try:
        return comments.the_comment(video, pk)
    except NotThere as gone:
        raise Http404 from gone


def _panel(request: HttpRequest, video: Video, act: Callable[[], str], *, is_decision: bool = False, is_new: bool = False) -> HttpResponse:
    """Perform `act`; answer a script with the panel and the marks on the timeline, a form with its page or the next video of the queue."""
    then = request.GET.get("then", "")
    next_url = then if then.startswith(reverse("review-queue")) else ""
    if not wants_fragment(request):
        return answer(request, act, to=next_url if is_decision else "")
    try:
        words = act()
    except PortalError as error:
        return toast(error.message, messages.ERROR, error.status)
    context = {"review": review_of(video, caller_of(request), next_url=next_url), "take_focus": not is_new}
    response = render(request, "videos/_reviewed.html", context)
    response["HX-Trigger"] = json.dumps({"portal:toast": {"text": words, "tone": "ok"}})
    return response
