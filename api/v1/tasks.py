"""/tasks: order a video, follow it, cancel it, order it again. Each operation parses, calls one service and shows the row."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from functools import partial
from typing import Any
from uuid import UUID

from django.db.models import Prefetch, prefetch_related_objects
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _
from ninja import Query, Router, Schema, Status
from ninja.params.functions import Header
from pydantic import Field

from access.callers import Caller
from access.scopes import Scope
from api.auth import caller, needs
from api.fields import Moment, Plain
from api.idempotency import KEY, REPLAYED, has_new_key, idempotent
from api.paging import PageIn, created_within, page_of
from api.v1.made_from import made_as_said
from api.v1.schemas import AdoptIn, CostIn, ErrorOut, Page, ShareIn, SubmitAgainIn, TaskIn, TaskOut, task_out
from api.v1.templates import asked_language
from database.prepared import Prepared
from delivery.links import origin_of
from delivery.waiting import answer_later, asked_wait_s, waited_s
from generation import lifecycle
from generation.actions import cancel, decide, recover, retry
from generation.actions.decide import require_decider
from generation.actions.settle import set_cost, the_one_of
from generation.actions.share import require_team, share
from generation.errors import InvalidRequest, NotThere
from generation.models import Asset, GenerationTask, Prompt, TaskInput
from generation.models.task_queries import TaskQuerySet
from generation.ordering.aliases import meant_by
from generation.ordering.create import create
from generation.ordering.order import Order
from generation.scheduling.stop_switch import shown_stop
from library.collections import to_fill
from providers.messages import translated
from providers.vendors import find_model

__all__ = ["assets_of", "router"]

router = Router(tags=["tasks"])

Show = Callable[[HttpRequest, HttpResponse], Any]
PREFER: Any = Header("", alias="Prefer", description="wait=N: answer when the task has ended, after N <= 60 seconds at the latest.")


class TaskFilter(PageIn):
    status: lifecycle.Status | None = None
    model: Plain = ""
    content_id: Plain = ""
    external_id: Plain = ""
    q: Plain = Field("", description="Words of the prompt.")
    created_after: Moment | None = Field(None, description="This moment or later.")
    created_before: Moment | None = Field(None, description="Before this moment.")


class EventOut(Schema):
    """A move of a task from one status to another; `from` is empty for the first. `note` says why, where that is known."""

    at: datetime
    from_status: str = Field(serialization_alias="from")
    to_status: str = Field(serialization_alias="to")
    note: str


ORDERED: Any = {202: TaskOut, 403: ErrorOut, 409: ErrorOut, 422: ErrorOut, 507: ErrorOut}


@router.post("", response=ORDERED, summary="Ask for a video", auth=needs(Scope.GENERATE))
@idempotent
def post_task(
    request: HttpRequest,
    response: HttpResponse,
    body: TaskIn,
    idempotency_key: str = KEY,
    prefer: str = PREFER,
) -> Any:
    """Answer at once with the queued task, or after `Prefer: wait=N` seconds at most. A repeated Idempotency-Key makes no second task.

    403 `quota_reached`: your videos fill your storage. 507 `storage_low`: the disk is almost full. Nothing was ordered.
    """
    asking, model = caller(request), meant_by(body.model)
    made = made_as_said(
        body.made_from, body.prompt, asking=asking, language=asked_language(None), spec=find_model(model), slots=tuple(body.inputs)
    )
    order = Order(
        **body.model_dump(exclude={"model", "prompt", "params", "inputs", "team", "paying_team", "made_from", "collection"}),
        model=model,
        prompt=made.text,
        params={**made.params, **body.params},
        made_from=made.made_from,
        owner=asking.user,
        team=require_team(body.team, asking) if body.team else None,
        paying_team=require_team(body.paying_team, asking, "paying_team") if body.paying_team else None,
        token=asking.token,
        inputs=assets_of(asking, {**made.inputs, **body.inputs}),
        source=Prompt.Source.API,
        idempotency_key=idempotency_key,
        key_is_new=has_new_key(request),
        collection_id=to_fill(asking, body.collection).pk if body.collection else None,
    )
    task, is_new = create(order)
    return _after_wait(request, response, task, prefer, partial(_accepted, task=task, is_new=is_new))


def _after_wait(request: HttpRequest, response: HttpResponse, task: GenerationTask, prefer: str, show: Show) -> Any:
    """Answer after the wait that the caller asks for, at most as long as the process allows."""

    def answer(request: HttpRequest, response: HttpResponse) -> Any:
        if wait_s := waited_s(request):
            response["Preference-Applied"] = f"wait={wait_s}"
        return show(request, response)

    return answer_later(request, task, asked_wait_s(prefer), answer, by=caller(request)) or answer(request, response)


def assets_of(asking: Caller, inputs: Mapping[str, Sequence[UUID]]) -> dict[str, list[Asset]]:
    """Return the caller's assets by slot. Raises `InvalidRequest` that names the slots of unknown ones."""
    wanted = {asset_id for ids in inputs.values() for asset_id in ids}
    found = Asset.objects.visible_to(asking).in_bulk(wanted) if wanted else {}  # most orders have no images, and ask for no teams
    missing = [slot for slot, ids in inputs.items() if any(asset_id not in found for asset_id in ids)]
    if missing:
        fields = {f"inputs.{slot[:60]}": _("There is no such asset.") for slot in missing}
        raise InvalidRequest(_("Some fields cannot be used as they are."), fields=fields)
    return {slot: [found[asset_id] for asset_id in ids] for slot, ids in inputs.items()}


@router.get("", response=Page[TaskOut], summary="Your tasks, newest first")
def list_tasks(request: HttpRequest, wanted: Query[TaskFilter]) -> Page[TaskOut]:
    rows = _in_full()
    if wanted.status:
        rows = rows.filter(status=wanted.status.value)
    if wanted.model:
        spec = find_model(wanted.model)
        rows = rows.filter(model=spec.name if spec else wanted.model)
    if wanted.content_id:
        rows = rows.filter(content_id=wanted.content_id)
    if wanted.external_id:
        rows = rows.filter(external_id=wanted.external_id)
    if wanted.q:
        rows = rows.filter(prompt__text__icontains=wanted.q)
    tasks, cursor = page_of(created_within(rows, wanted.created_after, wanted.created_before), wanted, seen_by=caller(request))
    return Page[TaskOut](items=_out(request, tasks), next_cursor=cursor)


@router.get("/{task_id}", response={200: TaskOut, 404: ErrorOut}, summary="One task")
def get_task(request: HttpRequest, task_id: UUID) -> TaskOut:
    return _shown(request, task_id)


@router.get("/{task_id}/events", response={200: Page[EventOut], 404: ErrorOut}, by_alias=True, summary="A task's moves, newest first")
def list_task_events(request: HttpRequest, task_id: UUID, wanted: Query[PageIn]) -> Page[EventOut]:
    """List every move of the task. They are kept for PORTAL_KEEP_HISTORY_DAYS (1095) after its end."""
    events, cursor = page_of(_visible_task(caller(request), task_id).events.all(), wanted)
    shown = [EventOut(at=one.at, from_status=one.from_status, to_status=one.to_status, note=translated(one.note)) for one in events]
    return Page[EventOut](items=shown, next_cursor=cursor)


@router.post(
    "/{task_id}/cancel",
    response={200: TaskOut, 403: ErrorOut, 404: ErrorOut, 409: ErrorOut},
    summary="Stop a task",
    auth=needs(Scope.GENERATE),
)
@idempotent
def cancel_task(request: HttpRequest, task_id: UUID) -> TaskOut:
    """Cancel a waiting task at once, a rendering one if its vendor can; otherwise 409 says why not."""
    asking = caller(request)
    cancel.cancel_task(_visible_task(asking, task_id), by=asking)
    return _shown(request, task_id)


@router.post("/{task_id}/retry", response=ORDERED | {404: ErrorOut}, summary="Ask for the same again", auth=needs(Scope.GENERATE))
@idempotent
def retry_task(request: HttpRequest, response: HttpResponse, task_id: UUID, idempotency_key: str = KEY, prefer: str = PREFER) -> Any:
    """Create a new task like this one, which must have ended. It is paid again; a repeated Idempotency-Key makes no second one."""
    asking = caller(request)
    task, is_new = retry.retry_task(_visible_task(asking, task_id), by=asking, idempotency_key=idempotency_key)
    return _after_wait(request, response, task, prefer, partial(_accepted, task=task, is_new=is_new))


@router.post(
    "/{task_id}/share",
    response={200: TaskOut, 403: ErrorOut, 404: ErrorOut, 422: ErrorOut},
    summary="Share a task and its videos",
    auth=needs(Scope.MANAGE_VIDEOS),
)
@idempotent
def share_task(request: HttpRequest, task_id: UUID, body: ShareIn) -> TaskOut:
    """Show the task and all of its videos to the members of a team of yours, instead of the one that had it; null ends it. Members see and
    reuse; only you change, delete and make links.
    """
    asking = caller(request)
    share(_visible_task(asking, task_id), None if body.team is None else require_team(body.team, asking), by=asking)
    return _shown(request, task_id)


def _to_decide(asking: Caller, response: HttpResponse, task_id: UUID, key: str) -> GenerationTask:
    task = _visible_task(asking, task_id)
    if key and task.events.filter(decision_key=key).exists():
        response[REPLAYED] = "true"
    return task


DECIDED: Any = {200: TaskOut, 403: ErrorOut, 404: ErrorOut, 409: ErrorOut, 422: ErrorOut}


@router.post(
    "/{task_id}/ask-again", response=DECIDED, summary="Ask the vendor again about a task in review or failed", auth=needs(Scope.ADMIN)
)
@idempotent
def ask_again(request: HttpRequest, response: HttpResponse, task_id: UUID, idempotency_key: str = KEY, prefer: str = PREFER) -> Any:
    """Ask the vendor about its render, without a cost and without a submit. Only for administrators. If the vendor has the render after
    all, the task continues. A task in review ends as failed if the vendor says that the render failed.

    Refused with 409 while nothing changed: `not_failed`, `no_vendor_id`, `vendor_away`, `submission_gone`, `render_failed`,
    `render_cancelled`, `already_adopted`, `already_settled`.
    """
    asking = caller(request)
    task = _to_decide(asking, response, task_id, idempotency_key)
    recover.ask_again(task, by=asking, key=idempotency_key)
    return _after_wait(request, response, task, prefer, lambda request, _response: _shown(request, task_id))


@router.post("/{task_id}/adopt", response=DECIDED, summary="Decide a review: the vendor has it under this id", auth=needs(Scope.ADMIN))
@idempotent
def adopt_task(request: HttpRequest, response: HttpResponse, task_id: UUID, body: AdoptIn, idempotency_key: str = KEY) -> TaskOut:
    """Take over the vendor's render with this id. Only for administrators. The vendor is asked first; an id that it does not confirm is
    refused with `not_confirmed`.

    A repeated Idempotency-Key decides nothing again, here and at `submit-again`, `give-up` and `ask-again`.
    """
    asking = caller(request)
    task = _to_decide(asking, response, task_id, idempotency_key)
    decide.adopt(task, body.vendor_id, by=asking, key=idempotency_key)
    return _shown(request, task_id)


@router.post("/{task_id}/submit-again", response=DECIDED, summary="Decide a review: send it once more", auth=needs(Scope.ADMIN))
@idempotent
def submit_task_again(
    request: HttpRequest, response: HttpResponse, task_id: UUID, body: SubmitAgainIn, idempotency_key: str = KEY
) -> TaskOut:
    """Send the request again. Only for administrators. If the vendor accepted the first request, both are charged: without `knows_cost` it
    is refused.

    If the vendor gave an id, this task is given up and the answer is a new one, with this one as `retry_of`. Send an Idempotency-Key: a
    repeat buys nothing, even if the task is in review once more.
    """
    asking = caller(request)
    task = _to_decide(asking, response, task_id, idempotency_key)
    sent = decide.submit_again(task, by=asking, knows_cost=body.knows_cost, key=idempotency_key)
    return _shown(request, sent.pk)


@router.post("/{task_id}/give-up", response=DECIDED, summary="Decide a review: it is not worth another try", auth=needs(Scope.ADMIN))
@idempotent
def give_up_task(request: HttpRequest, response: HttpResponse, task_id: UUID, idempotency_key: str = KEY) -> TaskOut:
    """Fail the task. Only for administrators. If the vendor answers after all, the task continues."""
    asking = caller(request)
    decide.give_up(_to_decide(asking, response, task_id, idempotency_key), by=asking, key=idempotency_key)
    return _shown(request, task_id)


@router.post("/{task_id}/cost", response=DECIDED, summary="Say what a task cost, or correct it", auth=needs(Scope.ADMIN))
@idempotent
def post_task_cost(request: HttpRequest, task_id: UUID, body: CostIn) -> TaskOut:
    """Settle a purchase where only the vendor's console or bill shows whether it was charged, or correct what one cost. Only for
    administrators.

    A 409 changes nothing: `not_waiting` (it is still being rendered), `nothing_bought`, `sandbox`, `already_settled`.
    """
    asking = caller(request)
    task = _visible_task(asking, task_id)
    require_decider(asking)
    set_cost(the_one_of(task, body.sending), body.amount, by=asking, reason=body.reason)
    return _shown(request, task_id)


def _accepted(request: HttpRequest, response: HttpResponse, *, task: GenerationTask, is_new: bool) -> Status[TaskOut]:
    """Answer with the task: one that was just stored is not read again, unless the caller has waited for it."""
    response["Location"] = f"/api/v1/tasks/{task.pk}"
    if not is_new:
        response[REPLAYED] = "true"
    if is_new and not waited_s(request) and not task.is_terminal:
        return Status(202, task_out(task, origin_of(request), shown_stop(), is_new=True))
    return Status(202, _shown(request, task.pk))


def _shown(request: HttpRequest, task_id: UUID) -> TaskOut:
    """Read the row again and return it as the API shows it."""
    return _out(request, [_visible_task(caller(request), task_id)])[0]


def _out(request: HttpRequest, tasks: Sequence[GenerationTask]) -> list[TaskOut]:
    places = Prefetch("inputs", TaskInput.objects.order_by("slot", "position"))
    prefetch_related_objects([task for task in tasks if task.inputs_given is None], places)
    stop = shown_stop() if any(task.state is lifecycle.Status.QUEUED for task in tasks) else None
    origin = origin_of(request)
    return [task_out(task, origin, stop) for task in tasks]


def _in_full() -> TaskQuerySet[GenerationTask]:
    """Return tasks with what an answer shows of them; `_out` asks for the rest."""
    return GenerationTask.objects.select_related("prompt", "account", "team", "paying_team").prefetch_related("videos")


def _one_in_full(task_id: UUID) -> TaskQuerySet[GenerationTask]:
    return _in_full().filter(pk=task_id).order_by()


ONE_IN_FULL = Prepared(_one_in_full, UUID(int=0))


def _visible_task(asking: Caller, task_id: UUID) -> GenerationTask:
    task = next(iter(ONE_IN_FULL.rows(task_id)), None)
    if task is None or not task.is_shown_to(asking):
        raise NotThere(_("There is no such task."))
    return task
