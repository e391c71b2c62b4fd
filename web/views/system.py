"""How the portal works now: queues, vendors, accounts, workers, for those who look after it."""

from __future__ import annotations

from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from access.callers import caller_of
from access.rights import may
from database import clock
from generation.models import LiveWorker
from generation.queries.hours import ended_by_hour
from providers.models import ProviderAccount
from web.alerts import open_alerts
from web.measures import read_measures
from web.presenters.system import accounts_of, alerts_of, chart_of, figures_of, rows_of, vendors_of

__all__ = ["system"]


@login_required
@never_cache
@require_safe
def system(request: HttpRequest) -> HttpResponse:
    """Show what /metrics measures; for people who are not staff the page does not exist."""
    if not may(caller_of(request), "see", LiveWorker):
        raise Http404
    now, measures = clock.now(), read_measures()
    hours = ended_by_hour(now)
    context = {
        "now": now,
        "alerts": alerts_of(open_alerts()),
        "figures": figures_of(measures),
        "chart": chart_of(hours) if any(hour.succeeded or hour.failed for hour in hours) else None,
        "vendors": vendors_of(measures),
        "accounts": accounts_of(measures, ProviderAccount.objects.enabled()),
        "rows": rows_of(measures),
    }
    return render(request, "system/page.html", context)
