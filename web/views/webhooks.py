"""Settings › Webhooks: endpoints and their deliveries."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from uuid import UUID

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.contrib.auth.models import Group
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from access.callers import Caller, caller_of
from database import clock
from generation.errors import InvalidRequest, NotThere, PortalError
from web.endpoint_forms import EndpointForm, SinceForm
from web.presenters.webhooks import delivery_page, delivery_row, endpoint_page, endpoint_row, state_tabs
from web.views.common import answer, uuid_in
from webhooks import actions, queries
from webhooks.models import Delivery, Endpoint, State

__all__ = ["delete", "delivery", "disable", "edit", "enable", "new", "ping", "replay", "replay_since", "roll", "webhook", "webhooks"]

PAGE = 50


def _endpoint(request: HttpRequest, pk: UUID) -> Endpoint:
    """Return the endpoint if this person may see it. Raises Http404."""
    try:
        return queries.the_endpoint(caller_of(request), pk)
    except NotThere as gone:
        raise Http404 from gone


def _delivery(request: HttpRequest, pk: UUID) -> Delivery:
    """Return the delivery if this person may see it. Raises Http404."""
    try:
        return queries.the_delivery(caller_of(request), pk)
    except NotThere as gone:
        raise Http404 from gone


@login_required
@require_safe
def webhooks(request: HttpRequest) -> HttpResponse:
    """List the person's own endpoints and those of their teams. Others' are in the admin."""
    caller, now = caller_of(request), clock.now()
    rows = Endpoint.objects.filter(Endpoint.objects.all().shown_to(caller)).select_related("team")
    return render(request, "webhooks/list.html", {"endpoints": [endpoint_row(row, now) for row in rows]})


@login_required
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def new(request: HttpRequest) -> HttpResponse:
    """Make an endpoint. The answer shows its secret, once."""
    caller = caller_of(request)
    form = EndpointForm(request.POST or None, caller=caller, initial={"kind": request.GET.get("kind", "")})
    if request.method == "POST" and form.is_valid():
        facts = dict(form.cleaned_data)
        team = facts.pop("team", "")
        try:
            endpoint, secret = actions.create(by=caller, team=Group.objects.get(pk=team) if team else None, **facts)
        except InvalidRequest as refusal:
            form.refuse(refusal)
        except PortalError as refusal:
            form.add_error(None, refusal.message)
        else:
            return _made(request, endpoint, secret, _("Endpoint made."))
    return render(request, "webhooks/form.html", {"form": form, "endpoint": None}, status=422 if form.errors else 200)


def _made(request: HttpRequest, endpoint: Endpoint, secret: str, words: str) -> HttpResponse:
    """Show the secret, or go to the endpoint's page if it has none."""
    if not secret:
        messages.success(request, words)
        return redirect("webhook", endpoint.pk)
    return render(request, "webhooks/secret.html", {"endpoint": endpoint, "secret": secret, "words": words})


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def edit(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Change label, address and events."""
    caller, endpoint = caller_of(request), _endpoint(request, pk)
    form = EndpointForm(request.POST or None, caller=caller, endpoint=endpoint)
    if request.method == "POST" and form.is_valid():
        try:
            actions.change(endpoint, by=caller, **form.cleaned_data)
        except InvalidRequest as refusal:
            form.refuse(refusal)
        except PortalError as refusal:
            form.add_error(None, refusal.message)
        else:
            messages.success(request, _("Saved."))
            return redirect("webhook", endpoint.pk)
    return render(request, "webhooks/form.html", {"form": form, "endpoint": endpoint}, status=422 if form.errors else 200)


@login_required
@require_safe
def webhook(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Show the endpoint's health and its deliveries."""
    caller, endpoint, now = caller_of(request), _endpoint(request, pk), clock.now()
    state = request.GET.get("state", "")
    state = state if state in State.values else ""
    rows = queries.deliveries_of(endpoint, state=state)
    if before := uuid_in(request, "before"):
        rows = rows.filter(pk__lt=before)
    found = list(rows.order_by("-pk")[: PAGE + 1])
    href, shown = reverse("webhook", args=[pk]), found[:PAGE]
    query = ({"state": state} if state else {}) | ({"before": shown[-1].pk} if shown else {})
    context = {
        "page": endpoint_page(endpoint, caller, now),
        "endpoint": endpoint,
        "deliveries": [delivery_row(row) for row in shown],
        "tabs": state_tabs(href, state),
        "since": SinceForm(initial={"since": timezone.localtime(now - timedelta(days=1))}),
        "has_lost": endpoint.enabled and queries.deliveries_of(endpoint).filter(state__in=[State.FAILED, State.DROPPED]).exists(),
        "next_url": reverse("webhook", args=[pk], query=query) if len(found) > PAGE else "",
    }
    return render(request, "webhooks/endpoint.html", context)


@login_required
@require_safe
def delivery(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Show what was sent, and each try."""
    row = _delivery(request, pk)
    return render(request, "webhooks/delivery.html", {"page": delivery_page(row, caller_of(request)), "delivery": row})


@login_required
@never_cache
@require_POST
def roll(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Give it a new secret, and show it once."""
    caller, endpoint = caller_of(request), _endpoint(request, pk)
    secret: list[str] = []

    def act() -> str:
        secret.append(actions.roll(endpoint, by=caller))
        return ""

    response = answer(request, act)
    words = _("New secret made. The old one signs too for 24 hours.") if endpoint.previous_until else _("New secret made.")
    return _made(request, endpoint, secret[0], words) if secret else response


def _act(request: HttpRequest, pk: UUID, act: Callable[[Endpoint, Caller], str]) -> HttpResponse:
    """Run the action and go back to the endpoint's page."""
    caller, endpoint = caller_of(request), _endpoint(request, pk)
    return answer(request, lambda: act(endpoint, caller), to=reverse("webhook", args=[pk]))


@login_required
@require_POST
def ping(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Send it a test."""

    def act(endpoint: Endpoint, caller: Caller) -> str:
        actions.ping(endpoint, by=caller)
        return _("Test sent. Reload in a moment to see the answer.")

    return _act(request, pk, act)


@login_required
@require_POST
def enable(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Enable the endpoint."""

    def act(endpoint: Endpoint, caller: Caller) -> str:
        actions.enable(endpoint, by=caller)
        return _("Enabled. You can send lost deliveries again below.")

    return _act(request, pk, act)


@login_required
@require_POST
def disable(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Disable the endpoint."""

    def act(endpoint: Endpoint, caller: Caller) -> str:
        actions.disable(endpoint, by=caller)
        return _("Disabled.")

    return _act(request, pk, act)


@login_required
@require_POST
def delete(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Delete it with its log."""
    caller, endpoint = caller_of(request), _endpoint(request, pk)

    def act() -> str:
        actions.delete(endpoint, by=caller)
        return _("Endpoint deleted.")

    return answer(request, act, to=reverse("webhooks"))


@login_required
@require_POST
def replay_since(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Send again what was lost since a time."""
    form = SinceForm(request.POST)

    def act(endpoint: Endpoint, caller: Caller) -> str:
        if not form.is_valid():
            raise InvalidRequest(_("Choose a day and a time."))
        count = actions.replay_since(endpoint, form.cleaned_data["since"], by=caller)
        return ngettext("%(n)d delivery is sent again.", "%(n)d deliveries are sent again.", count) % {"n": count}

    return _act(request, pk, act)


@login_required
@require_POST
def replay(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Send one delivery again."""
    caller, row = caller_of(request), _delivery(request, pk)

    def act() -> str:
        actions.replay(row, by=caller)
        return _("It is sent again. Reload in a moment to see the answer.")

    return answer(request, act, to=reverse("webhook-delivery", args=[pk]))
