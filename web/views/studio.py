"""The Studio: compose, queue, today's results."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from access.callers import Caller, caller_of
from access.rights import may
from batches.models import Batch
from generation.actions.dismiss import dismiss
from generation.errors import InvalidRequest, PortalError
from generation.lifecycle import Status
from generation.messages import failure_sentence
from generation.models import Asset, GenerationTask
from generation.ordering.estimate import usual_seconds
from generation.ordering.first_values import enabled_accounts, filled_from, first_choice, order_videos
from generation.ordering.page_keys import new_key
from generation.ordering.prices import current
from generation.queries.refused_field import refused_field
from generation.queries.tasks import live_numbers, queue_of, task_for, todays_videos
from prompts.making import Made
from prompts.signed import pack, unpack
from providers.core.catalog import ModelSpec
from providers.messages import translated
from providers.models import ProviderAccount
from providers.vendors import find_model
from web.forms import PICKERS, ComposeForm, form_for
from web.presenters.cards import cards_of
from web.presenters.models import model_groups, quote_of, setting_titles
from web.presenters.similar import offers_of
from web.presenters.videos import takes_of
from web.recipe_form import RecipeForm
from web.variations_form import VariationsForm
from web.views.common import give_key, known_video, page_key, the_task, uuid_in
from web.views.compose import studio_context
from web.views.kept import with_preset
from web.views.sets import into_of, place_set, set_context, varied

__all__ = ["also", "create", "model_form", "models", "page", "queue_head", "quote", "sent", "studio", "today"]

PICKED = frozenset({"template", "style", "platform"})
"""What the address of the Studio may name."""
FOLD_FROM = 6
"""Waiting tasks of the queue are folded from this number on."""
ORDERED_ALREADY = gettext_lazy("This order was already placed; nothing was ordered twice. To order it again, press Generate.")


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def studio(request: HttpRequest) -> HttpResponse:
    """Show the page. A POST is the form sent without script."""
    if request.method != "POST":
        accounts = enabled_accounts()
        form, more = _opened(request, accounts)
        return page(request, form, accounts, settles=request.GET.get("from_task", ""), **more)
    form, vary = sent(request), varied(request)
    order = place_set(request, form, vary) if vary.is_used else _order(request, form)
    if order is None:
        settles = request.POST.get("settles", "")
        return page(request, form, enabled_accounts(), status=422, settles=settles, **set_context(form, vary))
    _settle(request)
    if isinstance(order, Batch):
        return redirect("batch", order.pk)
    if not order[1]:
        messages.info(request, str(ORDERED_ALREADY))
    return redirect(reverse("studio", query={"model": form.spec.name}))


@login_required
@require_POST
def create(request: HttpRequest) -> HttpResponse:
    """Take the form sent by script; answer with the new cards, or with the form and its errors."""
    form, vary = sent(request), varied(request)
    order = place_set(request, form, vary) if vary.is_used else _order(request, form)
    if order is None:
        context = studio_context(form, enabled_accounts(), current()) | {"settles": request.POST.get("settles", "")}
        context |= set_context(form, vary)
        response = render(request, "studio/_compose.html", context, status=422)
        response["HX-Retarget"], response["HX-Reswap"] = "#compose", "outerHTML"
        return response
    if isinstance(order, Batch):
        _settle(request)
        response = HttpResponse(status=204)
        response["HX-Redirect"] = reverse("batch", args=[order.pk])
        return response
    tasks, is_new = order
    response = render(request, "studio/_cards.html", {"cards": cards_of(reversed(tasks), caller_of(request), "job")})
    queued = ngettext("%(n)d video is in the queue.", "%(n)d videos are in the queue.", len(tasks)) % {"n": len(tasks)}
    news: dict[str, Any] = {"portal:created": {"text": queued if is_new else ""}, "portal:gone": {"ids": _settle(request)}}
    if not is_new:
        news["portal:toast"] = {"text": str(ORDERED_ALREADY), "tone": "info"}
    response["HX-Trigger"] = json.dumps(news)
    give_key(response)
    return response


@login_required
@require_POST
def quote(request: HttpRequest) -> HttpResponse:
    """Return cost and usual time of the form as it is now, and earlier videos like it; a wrong field counts as its default."""
    form, vary = sent(request), varied(request)
    form.is_valid()
    if vary.is_used:
        return render(request, "studio/_quoted.html", set_context(form, vary))
    usual = usual_seconds([form.spec.name]).get(form.spec.name)
    count = form.cleaned_data.get("count") or 1
    accounts = enabled_accounts()
    shown = quote_of(form.spec, form.params, count, accounts, usual, current().tariff(form.spec))
    return render(request, "studio/_quoted.html", {"quote": shown, "offers": offers_of(form, caller_of(request), accounts)})


@login_required
@require_GET
def today(request: HttpRequest) -> HttpResponse:
    """Return today's results again, when something of the queue is done."""
    return render(request, "studio/_today.html", _today(caller_of(request)))


@login_required
@require_GET
def queue_head(request: HttpRequest) -> HttpResponse:
    """Return how much is running, waiting and in review now."""
    return render(request, "studio/_queue_head.html", {"numbers": live_numbers(caller_of(request).user), "outside": True})


@login_required
@require_GET
def model_form(request: HttpRequest) -> HttpResponse:
    """Return the form of another model. The script fills it with the draft, and keeps the page's key."""
    user, accounts = caller_of(request).user, enabled_accounts()
    spec = find_model(request.GET.get("model", "")) or first_choice(user, accounts)
    empty = form_for(spec)(owner=user, initial={"key": new_key()})
    return render(request, "studio/_compose.html", studio_context(empty, accounts, current()))


@login_required
@require_GET
def models(request: HttpRequest) -> HttpResponse:
    """Return the list of models, when it is about to be opened."""
    return render(request, "_components/model_groups.html", {"models": model_groups(None, enabled_accounts(), current())})


@login_required
@require_GET
def also(request: HttpRequest) -> HttpResponse:
    """Return the further models that a set may be made on, when the variations are opened."""
    vary = VariationsForm(caller=caller_of(request), accounts=enabled_accounts())
    return render(request, "studio/_also.html", {"vary": vary})


def page(request: HttpRequest, form: ComposeForm, accounts: Sequence[ProviderAccount], status: int = 200, **more: Any) -> HttpResponse:
    """Show the Studio with this form; `more` is what else its template takes."""
    caller, prices = caller_of(request), current()
    context = {
        **studio_context(form, accounts, prices),
        **_today(caller),
        "models_url": reverse("studio-models"),
        "titles": setting_titles(),
        "fold_from": FOLD_FROM,
        "cards": cards_of(queue_of(caller.user), caller, "job"),
        "numbers": live_numbers(caller.user),
        **more,
    }
    return render(request, "studio/page.html", context, status=status)


def _today(caller: Caller) -> dict[str, Any]:
    videos = todays_videos(caller.user)
    return {"takes": takes_of(videos, caller), "video_count": len(videos)}


def _opened(request: HttpRequest, accounts: Sequence[ProviderAccount]) -> tuple[ComposeForm, dict[str, Any]]:
    """Return an empty form, or one filled from a preset, a video (Remix), a task (Edit and retry) or a template, and what else the
    page shows: `filled` names the parts that were.
    """
    if preset := uuid_in(request, "preset"):
        return with_preset(request, preset)
    source = _source(request)
    user = caller_of(request).user
    spec = find_model(request.GET.get("model", "")) or (source.spec if source else None) or first_choice(user, accounts)
    if PICKED.intersection(request.GET):
        return _from_recipe(request, spec)
    parts = request.GET.get("fields") or "prompt,images,settings"
    initial, pictures = filled_from(source, set(parts.split(",")), spec) if source else ({}, {})
    more: dict[str, Any] = {}
    if (frame := uuid_in(request, "first_frame")) and (image := Asset.objects.one_for(caller_of(request), frame)):
        pictures["first_frame"], parts = [image], f"{parts},images"
        more["unplaced"] = None if spec.slot("first_frame") else image
    if source and "prompt" in initial:
        initial["made_from"] = pack(Made(text=source.prompt.text, made_from=source.prompt.made_from))
    form = form_for(spec)(owner=user, pictures=pictures, initial=initial | {"key": new_key()})
    if source is not None and source.state is Status.FAILED and (path := refused_field(source, spec)):
        form.point_out(path, translated(source.error_message) or failure_sentence(source.error_code)[0])
    if also := [name for name in request.GET.getlist("also") if find_model(name) and name != spec.name]:
        more["vary"] = VariationsForm(caller=caller_of(request), accounts=accounts, initial={"models": also})
    if "also" in request.GET:
        more["all_models"] = True
    return form, more | {"filled": parts} if source else more


def _from_recipe(request: HttpRequest, spec: ModelSpec) -> tuple[ComposeForm, dict[str, Any]]:
    """Return the form with the prompt of the template, style and platform that the address names. Where values are missing, they are asked
    for in the form.
    """
    caller = caller_of(request)
    shown = RecipeForm(caller=caller, prefix=PICKERS, initial={name: value for name, value in request.GET.items() if value})
    made = RecipeForm(request.GET, caller=caller).made(spec)
    if made is None:
        return form_for(spec)(owner=caller.user, initial={"key": new_key()}), {"recipe": shown}
    images = {slot: list(Asset.objects.visible_to(caller).filter(pk__in=ids)) for slot, ids in made.inputs.items()}
    first = {"prompt": made.text, "made_from": pack(made), "key": new_key(), **made.params}
    filled = ["prompt", *(["settings"] if made.params else []), *(["images"] if made.inputs else [])]
    return form_for(spec)(owner=caller.user, pictures=images, initial=first), {"filled": ",".join(filled), "recipe": shown}


def _source(request: HttpRequest) -> GenerationTask | None:
    if video := uuid_in(request, "from"):
        return the_task(request, known_video(request, video).task_id)  # its prompt and settings stay, whatever became of its file
    task = uuid_in(request, "from_task")
    return the_task(request, task) if task else None


def sent(request: HttpRequest) -> ComposeForm:
    """Return the form that was sent. A page from yesterday may name a model that is gone: `_order` then refuses."""
    user = caller_of(request).user
    spec = find_model(request.POST.get("model", "")) or first_choice(user, enabled_accounts())
    return form_for(spec)(request.POST, request.FILES, owner=user)


def _settle(request: HttpRequest) -> list[str]:
    """Dismiss the failed task that was edited and retried. Return its id, if it was one."""
    caller = caller_of(request)
    try:
        failed = task_for(caller, UUID(request.POST.get("settles", "")))
    except ValueError:
        return []
    if failed is None or failed.state is not Status.FAILED or not may(caller, "act", failed):
        return []
    dismiss(failed, by=caller)
    return [str(failed.pk)]


def _order(request: HttpRequest, form: ComposeForm) -> tuple[list[GenerationTask], bool] | None:
    """Return the tasks, and whether any is new; None when the form says what is wrong."""
    if find_model(form.data.get("model", "")) is not form.spec:  # another model is never ordered instead
        form.add_error(None, _("This model is no longer available. Choose another one. Your text is kept."))
    into = into_of(request, form)
    if not form.is_valid():
        return None
    data = form.cleaned_data
    try:
        return order_videos(
            owner=form.owner,
            team=data.get("team"),
            spec=form.spec,
            prompt=data["prompt"],
            params=form.params,
            inputs=form.pictures,
            count=data["count"],
            page=page_key(request),
            made_from=unpack(data["made_from"], data["prompt"]),
            collection_id=into,
        )
    except InvalidRequest as wrong:
        form.show(wrong)
    except PortalError as error:
        form.add_error(None, error.message)
    return None
