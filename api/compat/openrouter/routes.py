"""`/compat/openrouter/v1/`: OpenRouter's videos (docs/adr/0046, docs/integrations/openrouter.md)."""

from __future__ import annotations

from contextlib import nullcontext

from django.conf import settings
from django.http.response import HttpResponseBase
from django.utils.translation import gettext as _

from access.scopes import Scope
from api.compat.asked import not_applied
from api.compat.choices import number
from api.compat.dialect import Call, Dialect, json_response
from api.compat.fit import fit
from api.compat.images import asset_of, counted, in_slots
from api.compat.model_names import known_names, meant_model
from api.compat.openrouter.asked import asked_of, images_in
from api.compat.openrouter.translate import CALLBACK, COST_IN, job, model_row, refusal
from api.compat.ordering import Key, order
from api.compat.retries import key_by_arrival, note_told
from delivery.stored_file import serve_video
from generation.errors import NotThere
from generation.models import GenerationTask

__all__ = ["dialect"]

dialect = Dialect("openrouter", "compat/openrouter/v1/", refusal, callback=CALLBACK)

AI = " ai/"
"""In the User-Agent of `ai`, which orders again when the answer to a create or a poll was lost: `ai/7.0.173 ai-sdk/provider-utils/5.0.42`,
without the name of OpenRouter's package. That package alone, and others, repeat nothing.
"""


@dialect.route("GET", "videos/models", scope=Scope.READ)
def list_models(call: Call) -> HttpResponseBase:
    """List every name that `model` may have now: the models that this token may order, and the aliases."""
    return json_response({"data": [model_row(name, spec) for name, spec in known_names(call.caller).items()]})


@dialect.route("POST", "videos", scope=Scope.GENERATE)
def create_video(call: Call) -> HttpResponseBase:
    """Order a video. `not_applied` has what the model behind an alias does otherwise."""
    repeats = AI in f" {call.request.headers.get('User-Agent', '')}"
    with key_by_arrival(call) if repeats else nullcontext(Key(call.idempotency_key)) as key:
        task, missed = (key.task, {}) if key.task else _ordered(call, key)
    return json_response(_job(call, task) | ({"not_applied": missed} if missed else {}), status=202)


def _ordered(call: Call, key: Key) -> tuple[GenerationTask, dict[str, str]]:
    name = call.text("model")
    spec = meant_model(name, dialect=call.dialect, by=call.caller)
    asked = asked_of(call.body, spec)
    images = images_in(call.body)
    inputs = in_slots(spec, {slot: [asset_of(call, image, at=at) for at, image in found] for slot, found in images.items()})
    fitted = fit(spec, asked.options, counted(inputs))
    missed = not_applied(fitted, asked, spec, called=name, has_image=bool(inputs))
    placed = order(
        call,
        spec,
        prompt=call.text("prompt"),
        fitted=fitted,
        inputs=inputs,
        key=key,
        callback_url=call.text("callback_url"),
        callback_shape=call.dialect if "callback_url" in call.body else "",
    )
    return placed.task, missed


@dialect.route("GET", "videos/<str:name>", scope=Scope.READ)
def get_video(call: Call, name: str) -> HttpResponseBase:
    task = call.task(name)
    note_told(task)
    return json_response(_job(call, task))


@dialect.route("GET", "videos/<str:name>/content", scope=Scope.READ)
def get_content(call: Call, name: str) -> HttpResponseBase:
    """Send the file, with ranges, or redirect to where the storage does; `index` counts the videos of the task."""
    kept, index = call.task(name).kept_videos(), number(call.request.GET.get("index", 0))
    if index is None or index not in range(len(kept)):
        raise NotThere(_("This video is not ready yet.") if not kept else _("There is no such video."))
    is_direct = call.request.GET.get("direct") in {"1", "true"}
    return serve_video(call.request, kept[int(index)], "video", may_redirect=not is_direct)


def _job(call: Call, task: GenerationTask) -> dict[str, object]:
    cost = task.spent if settings.CURRENCY == COST_IN else None
    address = call.address(f"/{dialect.prefix}videos/{task.pk}")
    return job(task, polling_url=address, video_urls=[url for _video, url in call.videos(task)], cost=cost)
