"""The Studio: compose, queue, today's results."""

from __future__ import annotations

import json
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.http import urlencode
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from access.callers import Caller, caller_of
from generation.errors import InvalidRequest, PortalError
from generation.lifecycle import Status
from generation.messages import failure_sentence
from generation.models import GenerationTask
from generation.ordering.estimate import price_of, usual_seconds
from generation.ordering.page_keys import new_key
from generation.ordering.studio_form import enabled_accounts, filled_from, first_choice, order_videos
from generation.queries.refused_field import refused_field
from generation.queries.tasks import live_numbers, queue_of, todays_videos
from providers.core.catalog import ModelSpec
from providers.messages import translated
from providers.vendors import find_model
from web.forms import ComposeForm, form_for
from web.presenters.cards import cards_of
from web.presenters.models import quote_of
from web.presenters.videos import takes_of
from web.views.common import give_key, page_key, parse_uuid, the_task, the_user, the_video
from web.views.compose import compose_context

__all__ = ["create", "queue_head", "quote", "studio", "today"]

PARTS = ("prompt", "images", "settings")
ORDERED_ALREADY = gettext_lazy("This order was already placed, and nothing was ordered twice. To order it once more, press Generate again.")


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def studio(request: HttpRequest) -> HttpResponse:
    """The page. A POST is the form sent without script."""
    if request.method != "POST":
        return _page(request, _opened(request))
    form = _sent(request)
    order = _order(request, form)
    if order is None:
        return _page(request, form, status=422)
    if not order[1]:
        messages.info(request, str(ORDERED_ALREADY))
    return redirect(f"{reverse('studio')}?{urlencode({'model': form.spec.name})}")


@login_required
@require_POST
def create(request: HttpRequest) -> HttpResponse:
    """The form sent by script: the new cards, or the form with what is wrong."""
    form = _sent(request)
    order = _order(request, form)
    if order is None:
        response = render(request, "studio/_compose.html", compose_context(form, enabled_accounts()), status=422)
        response["HX-Retarget"], response["HX-Reswap"] = "#compose", "outerHTML"
        return response
    tasks, is_new = order
    response = render(request, "studio/_cards.html", {"cards": cards_of(reversed(tasks), caller_of(request), "job")})
    news: dict[str, Any] = {"portal:created": {}}
    if not is_new:
        news["portal:toast"] = {"text": str(ORDERED_ALREADY), "tone": "info"}
    response["HX-Trigger"] = json.dumps(news)
    give_key(response)
    return response


@login_required
@require_POST
def quote(request: HttpRequest) -> HttpResponse:
    """Cost and usual time of what the form says now; wrong fields count as they are by themselves."""
    form = _sent(request)
    form.is_valid()
    usual = usual_seconds([form.spec.name]).get(form.spec.name)
    count = form.cleaned_data.get("count") or 1
    shown = quote_of(form.spec, form.params, count, enabled_accounts(), usual, price_of(form.spec))
    return render(request, "studio/_quote.html", {"quote": shown})


@login_required
@require_GET
def today(request: HttpRequest) -> HttpResponse:
    """Today's results anew, when something of the queue is done."""
    return render(request, "studio/_today.html", _today(caller_of(request)))


@login_required
@require_GET
def queue_head(request: HttpRequest) -> HttpResponse:
    """How much is running and waiting, anew."""
    return render(request, "studio/_queue_head.html", {"numbers": live_numbers(the_user(request))})


def _page(request: HttpRequest, form: ComposeForm, status: int = 200) -> HttpResponse:
    user = the_user(request)
    tasks = queue_of(user)
    context = (
        compose_context(form, enabled_accounts())
        | _today(caller_of(request))
        | {"cards": cards_of(tasks, caller_of(request), "job"), "numbers": live_numbers(user)}
    )
    return render(request, "studio/page.html", context, status=status)


def _today(caller: Caller) -> dict[str, Any]:
    videos = todays_videos(caller.user)
    return {"takes": takes_of(videos, caller), "video_count": len(videos)}


def _opened(request: HttpRequest) -> ComposeForm:
    """An empty form, or one filled from a video (Remix) or a task (Edit and retry)."""
    source = _source(request)
    asked = find_model(request.GET.get("model", ""))
    user = the_user(request)
    spec = asked or (source.spec if source else None) or first_choice(user)
    initial, pictures = filled_from(source, _parts(request), spec) if source else ({}, {})
    form = form_for(spec)(owner=user, pictures=pictures, initial=initial | {"key": new_key()})
    if source is not None and source.state is Status.FAILED and (path := refused_field(source, spec)):
        form.point_out(path, translated(source.error_message) or failure_sentence(source.error_code)[0])
    return form


def _source(request: HttpRequest) -> GenerationTask | None:
    video, task = (_uuid(request, name) for name in ("from", "from_task"))
    if video:
        return the_task(request, the_video(request, video).task_id)
    return the_task(request, task) if task else None


def _uuid(request: HttpRequest, name: str) -> UUID | None:
    return parse_uuid(request.GET.get(name, ""))


def _parts(request: HttpRequest) -> set[str]:
    asked = request.GET.get("fields", "")
    return set(asked.split(",")) if asked else set(PARTS)


def _sent(request: HttpRequest) -> ComposeForm:
    return form_for(_spec(request))(request.POST, request.FILES, owner=the_user(request))


def _spec(request: HttpRequest) -> ModelSpec:
    """The model that was asked for. A page from yesterday may name one that is gone: `_order` then refuses."""
    return find_model(request.POST.get("model", "")) or first_choice(the_user(request))


def _order(request: HttpRequest, form: ComposeForm) -> tuple[list[GenerationTask], bool] | None:
    """Return the tasks, and whether any is new; None when the form says what is wrong."""
    if find_model(form.data.get("model", "")) is not form.spec:  # another model is never ordered instead
        form.add_error(None, _("This model is no longer available. Choose another one. Your text is kept."))
    if not form.is_valid():
        return None
    data = form.cleaned_data
    try:
        return order_videos(
            owner=form.owner,
            spec=form.spec,
            prompt=data["prompt"],
            params=form.params,
            inputs=form.pictures,
            count=data["count"],
            page=page_key(request),
        )
    except InvalidRequest as wrong:
        form.show(wrong)
    except PortalError as error:
        form.add_error(None, error.message)
    return None
