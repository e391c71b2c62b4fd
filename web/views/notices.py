"""Settings › Notices, and the bar of notices below the header of every page."""

from __future__ import annotations

from uuid import UUID

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from access.callers import caller_of
from access.preferences import WISHES, remember, wishes_of
from web.presenters.notices import ways_of
from web.presenters.webhooks import kind_words
from web.views.common import back, wants_fragment
from webhooks.kinds import offered_kinds
from webhooks.models import SIGNED, Notice
from webhooks.notices import dismiss as note_read

__all__ = ["bar", "dismiss", "settings"]


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def settings(request: HttpRequest) -> HttpResponse:
    """Show and store what pages do when a task ended; list the mailboxes and chats that get events."""
    caller = caller_of(request)
    if request.method == "POST":
        remember(request, page_notices=[wish for wish in WISHES if wish in request.POST])
        messages.success(request, _("Saved."))
        return redirect("notices")
    offered = [kind for kind in offered_kinds() if kind not in SIGNED]
    facts = {
        "wishes": wishes_of(request),
        "ways": ways_of(caller),
        "kinds": [(kind, kind_words(kind)) for kind in offered],
    }
    return render(request, "settings/notices.html", facts)


@login_required
@never_cache
@require_safe
def bar(request: HttpRequest) -> HttpResponse:
    """Return the bar alone; a page asks when its live updates name other notices than it shows."""
    return render(request, "_shell/notices.html")


@login_required
@never_cache
@require_POST
def dismiss(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Note that the person read it. Raises Http404 for another's."""
    person = caller_of(request).user
    note_read(person, get_object_or_404(Notice, owner=person, pk=pk).pk)
    return render(request, "_shell/notices.html") if wants_fragment(request) else back(request)
