"""What is done to many videos of the gallery: changes at once or in the background, and one ZIP."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.db.models import Q
from django.http import Http404, HttpRequest, HttpResponse, QueryDict, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.http import content_disposition_header
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_GET, require_POST

from access.callers import caller_of
from delivery.file_names import named_by, pattern_of
from delivery.stored_file import file_name
from delivery.zips import zip_of
from generation.actions.retry import RETRIED_MOST
from generation.errors import InvalidRequest, PortalError
from generation.models import Video
from library import bulk
from library.models import BulkJob, BulkState
from web.presenters.bulk import done_words, progress_of, working_words
from web.views.common import answer, back, toast, wants_fragment

__all__ = ["again", "cancel", "change", "compare", "download", "job", "running", "undo"]

MOST_BYTES = 20 * 1024**3
"""How large one ZIP may be. The API and a batch's results have no such bound: programs go on where a download broke off."""
MOST_SHOWN = 20
COMPARED = 4


@login_required
@require_POST
def change(request: HttpRequest) -> HttpResponse:
    """Do what the pressed button says to the chosen videos, or with `all` to everything that the gallery's filter finds."""
    caller, action = caller_of(request), request.POST.get("action", "")
    try:
        wanted = QueryDict(request.POST.get("filter", "")).dict() if request.POST.get("all") == "1" else None
        ids = _ids(request) if wanted is None else []
        made = bulk.start(by=caller, action=action, arguments=_arguments(request), ids=ids, wanted=wanted)
    except PortalError as refused:
        return _refused(request, refused)
    if made.state == BulkState.RUNNING:
        if wants_fragment(request):
            return toast(working_words(), messages.SUCCESS, 204, {"portal:bulk": {}})
        return redirect("bulk-job", made.pk)
    news = {"portal:changed": {"ids": made.video_ids, "action": action} | made.arguments}
    undo_url = reverse("bulk-undo", args=[made.pk]) if action == "bin" and made.changed else ""
    return answer(request, lambda: done_words(made), undo=undo_url, news=news)


@login_required
@require_POST
def undo(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Restore what a job moved to the bin."""
    binned, news = _the_job(request, pk), dict[str, Any]()

    def act() -> str:
        made = bulk.undo(binned, by=caller_of(request))
        if made.state == BulkState.RUNNING:
            news["portal:bulk"] = {}
            return working_words()
        news["portal:changed"] = {"ids": made.video_ids, "action": "restore"}
        return ngettext("%(n)d video was restored.", "%(n)d videos were restored.", made.changed) % {"n": made.changed}

    return answer(request, act, news=news)


@login_required
@require_POST
def cancel(request: HttpRequest, pk: UUID) -> HttpResponse:
    """End a job where it is."""
    working = _the_job(request, pk)

    def act() -> str:
        bulk.cancel(working, by=caller_of(request))
        return _("Cancelled. Changes made so far are kept.")

    return answer(request, act, news={"portal:bulk": {}})


@login_required
@require_GET
def running(request: HttpRequest) -> HttpResponse:
    """Return the progress of this person's jobs: those that run, and those that ended lately."""
    in_background = BulkJob.objects.filter(Q(state=BulkState.RUNNING) | Q(fence__gt=0), owner=caller_of(request).user)
    shown = [one for one in map(progress_of, in_background.order_by("-id")[:MOST_SHOWN]) if one.is_news]
    return render(request, "bulk/_running.html", {"jobs": shown, "goes_on": any(one.is_running for one in shown)})


@login_required
@require_GET
def job(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Show one job."""
    return render(request, "bulk/job.html", {"job": progress_of(_the_job(request, pk))})


@login_required
@require_POST
def download(request: HttpRequest) -> HttpResponseBase:
    """Send the chosen videos as one ZIP, as far as this person sees them. Their names begin with their place in the selection; the rest is
    by the person's pattern, or the title.
    """
    ids, caller = _ids(request), caller_of(request)
    seen = Video.objects.visible_to(caller).select_related("task", "owner")
    found = seen.in_bulk(ids) if len(ids) <= bulk.MOST_CHOSEN else {}
    videos = [found[pk] for pk in ids if pk in found]
    if not videos:
        return _refused(request, InvalidRequest(_("Choose between 1 and %(most)d videos, or a filter.") % {"most": bulk.MOST_CHOSEN}))
    if sum(video.size_bytes for video in videos) > MOST_BYTES:
        return _refused(
            request, InvalidRequest(_("These videos are larger than %(most)d GB together. Select fewer.") % {"most": MOST_BYTES // 1024**3})
        )
    pattern = pattern_of(caller.user)
    files = [  # named now: while it is sent, the time zone is not the reader's
        (file_name(f"{place:03d} {named_by(pattern, video) or video.title}", video.suffix), video)
        for place, video in enumerate(videos, start=1)
    ]
    response = StreamingHttpResponse(zip_of(files, timezone.now()), content_type="application/zip")
    name = file_name(f"{_('videos')} {timezone.localtime():%Y-%m-%d %H.%M}", ".zip")
    response["Content-Disposition"] = content_disposition_header(as_attachment=True, filename=name)
    return response


@login_required
@require_POST
def compare(request: HttpRequest) -> HttpResponse:
    """Open the chosen videos beside each other; the page says how many it takes."""
    return redirect(reverse("compare", query={"v": ",".join(map(str, _ids(request)[:COMPARED]))}))


@login_required
@require_POST
def again(request: HttpRequest) -> HttpResponse:
    """Show what it costs to order the chosen videos again."""
    ids = _ids(request)
    if len(ids) > RETRIED_MOST:
        return _refused(request, InvalidRequest(_("Choose at most %(most)d videos to run again.") % {"most": RETRIED_MOST}))
    return redirect(reverse("again", query={"v": ",".join(map(str, ids))}))


def _ids(request: HttpRequest) -> list[UUID]:
    """Return the selected ids; the box of a stack has all of its videos. Raises Http404 for anything else, which no page sends."""
    try:
        return [UUID(text) for text in dict.fromkeys(" ".join(request.POST.getlist("video")).split())]
    except ValueError as wrong:
        raise Http404 from wrong


def _arguments(request: HttpRequest) -> dict[str, Any]:
    """Return what the fields beside the buttons say, as `bulk.start` takes it."""
    sent = request.POST
    rating = sent.get("rating", "")
    teams, wanted = {str(pk): name for pk, name in caller_of(request).teams.items()}, sent.get("team", "")
    try:
        collection = UUID(sent.get("collection", ""))
    except ValueError:
        collection = None
    return {
        "tags": sent.get("tag", "").replace("，", ",").split(","),
        "rating": int(rating) if rating in {"1", "2", "3", "4", "5"} else None,
        "starred": request.GET.get("starred") != "0",
        "collection": collection,
        "team": teams.get(wanted, "-") if wanted else None,
    }


def _the_job(request: HttpRequest, pk: UUID) -> BulkJob:
    row = BulkJob.objects.one_for(caller_of(request), pk)
    if row is None:
        raise Http404
    return row


def _refused(request: HttpRequest, refused: PortalError) -> HttpResponse:
    if wants_fragment(request):
        return toast(refused.message, messages.ERROR, refused.status)
    messages.error(request, refused.message)
    return back(request)
