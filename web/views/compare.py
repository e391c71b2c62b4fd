"""Videos side by side, and blind votes between two of one prompt."""

from __future__ import annotations

import secrets
from uuid import UUID

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from access.callers import caller_of
from generation.actions.choose import choose
from generation.actions.star import note_on
from generation.errors import PortalError
from generation.models import Video
from library.votes import cast, next_pair, vote_of
from web.presenters.compare import LETTERS, rows_of, sides_of
from web.presenters.words import model_label, title_and_language
from web.views.common import answer, the_video

__all__ = ["compare", "pick", "vote"]

PAIR = 2


@login_required
@require_GET
def compare(request: HttpRequest) -> HttpResponse:
    """Show two to four videos in step, and what differs between them."""
    videos = _videos(request, request.GET.get("v", ""))
    first = videos[0].task if videos else None
    title, language = title_and_language(first) if first else ("", "")
    models = list(dict.fromkeys(video.model for video in videos))
    is_one_prompt = bool(first and first.prompt.text) and len({video.task.prompt.text for video in videos}) == 1
    is_blind = is_one_prompt and len(videos) == PAIR and len(models) == PAIR
    return render(
        request,
        "compare/page.html",
        {
            "sides": sides_of(videos, caller_of(request)) if len(videos) >= PAIR else [],
            "rows": rows_of(videos),
            "title": title if is_one_prompt else "",
            "title_lang": language,
            "again_url": reverse("studio", query={"from": videos[0].pk, "fields": "prompt,settings,images", "also": models})
            if is_one_prompt
            else "",
            "vote_url": reverse("vote", query={"v": ",".join(str(video.pk) for video in videos)}) if is_blind else reverse("vote"),
        },
    )


@login_required
@require_POST
def pick(request: HttpRequest) -> HttpResponse:
    """Pick the winner: give it a star, and if it has a content id, choose it for that."""
    winner, caller = the_video(request, _uuid(request.POST.get("video", ""))), caller_of(request)

    def star() -> str:
        note_on(winner, by=caller, starred=True)
        if not winner.task.content_id:
            return _("Picked. It has a star now.")
        choose(winner, by=caller)
        return _("Picked. It has a star now, and content systems show it.")

    return answer(request, star)


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def vote(request: HttpRequest) -> HttpResponse:
    """Show two videos of one prompt without their models, and take the vote; after it, show which models they are."""
    caller, asked = caller_of(request), request.GET.get("v", "")
    videos = _videos(request, asked)
    if request.method == "POST":
        if len(videos) != PAIR:
            raise Http404
        winner = next((video for video in videos if str(video.pk) == request.POST.get("winner")), None)
        try:
            cast(videos[0], videos[1], winner, by=caller)
        except PortalError as error:
            messages.error(request, error.message)
        return redirect(reverse("vote", query={"v": asked}))  # which shows what they are
    if not asked:
        pair = next_pair(caller)
        return redirect(reverse("vote", query={"v": f"{pair[0].pk},{pair[1].pk}"})) if pair else render(request, "compare/vote.html", {})
    if len(videos) != PAIR or videos[0].task.prompt.text != videos[1].task.prompt.text:
        raise Http404
    voted = vote_of(caller, videos[0].pk, videos[1].pk)
    if voted is None and secrets.randbelow(2):  # whoever made the address knows its order
        videos.reverse()
    title, language = title_and_language(videos[0].task)
    context = {"sides": sides_of(videos, caller), "title": title, "title_lang": language, "voted": voted}
    context["pair"] = ",".join(str(video.pk) for video in videos)  # so that the letters stay after the vote
    if voted:
        preferred = next((model_label(video.model) for video in videos if video.pk == voted.winner_id), "")
        context |= {"preferred": preferred, "compare_url": reverse("compare", query={"v": asked})}
    return render(request, "compare/vote.html", context)


def _videos(request: HttpRequest, ids: str) -> list[Video]:
    """Return the videos that an address names, at most four, in its order. Raises Http404 for one that this person does not see."""
    wanted = list(dict.fromkeys(_uuid(one) for one in ids.split(",") if one))[: len(LETTERS)]
    seen = Video.objects.visible_to(caller_of(request)).select_related("task__prompt", "task__account", "owner").in_bulk(wanted)
    if len(seen) != len(wanted):
        raise Http404
    return [seen[pk] for pk in wanted]


def _uuid(text: str) -> UUID:
    try:
        return UUID(text)
    except ValueError as wrong:
        raise Http404 from wrong
