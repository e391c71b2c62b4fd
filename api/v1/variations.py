"""/variations: one prompt in several styles, on several models, with several seeds. /tasks/{id}/finish: a draft once more, better."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from typing import Annotated, Any
from uuid import UUID

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _
from ninja import Router, Schema, Status
from pydantic import ConfigDict, Field, StrictBool

from access.callers import Caller
from access.money import decimal
from access.scopes import Scope
from api.auth import caller, needs
from api.fields import EXACT
from api.idempotency import KEY, idempotent
from api.v1.batch_schemas import BatchOut, Name, batch_out
from api.v1.batches import BatchRowOut, row_out
from api.v1.made_from import MadeFrom, made_as_said
from api.v1.preferences import Language
from api.v1.schemas import TEXT, ErrorOut, Metadata, ModelName, SlotIn
from api.v1.tasks import assets_of
from api.v1.templates import asked_language
from batches.finishing import Finish, draft_row, finish, plan_finish
from batches.fitting import LeftOut
from batches.keys import made_before
from batches.money import tightest_budget
from batches.variations import MOST, Plan, Wanted, place, plan
from generation.actions.share import require_team
from generation.errors import InvalidRequest, NotThere
from generation.models import GenerationTask
from generation.ordering.aliases import meant_by
from generation.ordering.order import digest_of
from library.collections import to_fill
from prompts.templates.own import find_style
from providers.core.catalog import ModelSpec
from providers.vendors import find_model

__all__ = ["finishing", "router"]

router = Router(tags=["batches"])
finishing = Router(tags=["batches"])

Seed = Annotated[int, Field(ge=-1, le=2**63 - 1), EXACT]


class VariationsIn(Schema):
    """A prompt that is rendered on every model, in every style and with every seed. `params` and `inputs` apply to each model. Settings
    that a model does not take are named in the estimate; the order is then refused, unless you send `leave_out`.
    """

    model_config = ConfigDict(extra="forbid")

    models: list[ModelName] = Field(min_length=1, max_length=20)
    prompt: str = Field("", max_length=20_000, pattern=TEXT, examples=["a red fox in the snow"])
    styles: list[Annotated[str, Field(max_length=40, pattern=TEXT)]] = Field(
        default_factory=list, max_length=20, description="Ids of GET /styles, and your own.", examples=[["cinematic", "anime"]]
    )
    takes: Annotated[int, Field(ge=1, le=MOST), EXACT] = Field(
        1, description="How many videos of each style and model: with seeds that follow `params.seed`, or chosen by chance."
    )
    seeds: list[Seed] = Field(default_factory=list, max_length=MOST, description="These instead of `takes`.", examples=[[]])
    params: dict[str, Any] = Field(default_factory=dict, max_length=60, examples=[{}])
    inputs: dict[str, SlotIn] = Field(default_factory=dict, max_length=10, description="Slot name to asset ids.", examples=[{}])
    drafts: StrictBool = Field(False, description="Render each as cheap as its model does; finish the best with POST /tasks/{id}/finish.")
    leave_out: StrictBool = Field(False, description="Leave out what a model does not take.")
    language: Language | None = Field(None, description="Of the styles' words; without one, yours.")
    name: Name = ""
    content_id: str = Field("", max_length=200, pattern=TEXT)
    metadata: Metadata = Field(default_factory=dict, examples=[{}])
    team: str = Field("", max_length=150, pattern=TEXT, description="Whose members see it.")
    collection: UUID | None = Field(None, description="A collection that you may fill, for all of the videos.", examples=[None])
    made_from: MadeFrom = ""


class LeftOutOut(Schema):
    """Something of the order that a model does not take, and why; its own default applies."""

    model: str
    field: str
    value: Any
    why: str


class VariationOut(Schema):
    """One of the videos. `cost` is what it may cost at most, 0 in a sandbox, null without a known price."""

    model: str
    style: str
    seed: int | None
    prompt: str
    params: dict[str, Any]
    cost: Decimal | None


class CostBeforeOut(Schema):
    """What an order may cost at most, in `currency`; `unpriced` videos have no known price and are not in it.

    `budget_left` is what is left in the budget that has the least room, null where none counts the order. `problems` would refuse it.
    """

    cost: Decimal
    unpriced: int
    currency: str
    budget_left: Decimal | None
    left_out: list[LeftOutOut]
    problems: dict[str, str]


class VariationsOut(CostBeforeOut):
    videos: list[VariationOut]


class FinishIn(Schema):
    """The model, and the settings to change. For the others, the full settings of the draft apply."""

    model_config = ConfigDict(extra="forbid")

    model: ModelName
    params: dict[str, Any] = Field(default_factory=dict, max_length=60, examples=[{}])
    leave_out: StrictBool = Field(False, description="Leave out what the model does not take.")


class FinishOut(CostBeforeOut):
    model: str
    params: dict[str, Any]


REFUSED: Any = {403: ErrorOut, 404: ErrorOut, 409: ErrorOut, 422: ErrorOut}


@router.post("/estimate", response={200: VariationsOut} | REFUSED, summary="What variations would be and cost", auth=needs(Scope.READ))
def estimate_variations(request: HttpRequest, body: VariationsIn) -> VariationsOut:
    """Show every video with its prompt, settings and cost. Orders nothing. Random seeds are chosen again when you order."""
    asking = caller(request)
    planned = plan(_wanted(body, asking), by=asking)
    videos = [
        VariationOut(
            model=row.order["model"],
            style=row.cells["style"],
            seed=row.order["params"].get("seed"),
            prompt=row.order["prompt"],
            params=row.order["params"],
            cost=_amount(cost),
        )
        for row, cost in zip(planned.rows, planned.costs, strict=True)
    ]
    return VariationsOut(videos=videos, **_cost(asking, planned.costs, planned.left_out, planned.problems))


@router.post("", response={201: BatchOut, 200: BatchOut, 507: ErrorOut} | REFUSED, summary="Order variations", auth=needs(Scope.GENERATE))
@idempotent
def post_variations(request: HttpRequest, response: HttpResponse, body: VariationsIn, idempotency_key: str = KEY) -> Status[BatchOut]:
    """Order all of them as one batch, or nothing: its money is set aside at once. Follow it at GET /batches/{id}.

    A repeated Idempotency-Key orders nothing again. 422 `left_out`: a model does not take something, named in `fields`.
    """
    asking = caller(request)
    digest = digest_of(body.model_dump(mode="json", exclude=None if body.collection else {"collection"}))  # as before there was the field
    batch, is_new = made_before(asking, idempotency_key, digest), False
    if batch is None:
        planned = plan(_wanted(body, asking), by=asking, team=require_team(body.team, asking) if body.team else None)
        if not body.leave_out:
            _require_nothing_left_out(planned)
        batch, is_new = place(planned, by=asking, key=idempotency_key, digest=digest)
    response["Location"] = f"/api/v1/batches/{batch.pk}"
    return Status(201 if is_new else 200, batch_out(batch))


@finishing.post(
    "/{task_id}/finish/estimate", response={200: FinishOut} | REFUSED, summary="What finishing a draft would cost", auth=needs(Scope.READ)
)
def estimate_finish(request: HttpRequest, task_id: UUID, body: FinishIn) -> FinishOut:
    """Show the settings, the cost, and what of the draft the model does not take. Orders nothing."""
    asking = caller(request)
    planned = _planned(asking, task_id, body)
    costs = _cost(asking, [planned.cost], {planned.row.order["model"]: planned.left_out}, planned.problems)
    return FinishOut(model=planned.row.order["model"], params=planned.row.order["params"], **costs)


@finishing.post(
    "/{task_id}/finish",
    response={201: BatchRowOut, 200: BatchRowOut, 507: ErrorOut} | REFUSED,
    summary="Finish a draft on a better model",
    auth=needs(Scope.GENERATE),
)
@idempotent
def finish_task(request: HttpRequest, task_id: UUID, body: FinishIn) -> Status[BatchRowOut]:
    """Render the task's video once more, with the same prompt, seed and images, as one more row of its batch: 201. A repeated request
    orders nothing again: 200. 409 `no_batch`, `not_ready`; 422 `left_out`.
    """
    asking = caller(request)
    planned = _planned(asking, task_id, body)
    if planned.left_out and not body.leave_out:
        raise _left_out({one.field: one.why for one in planned.left_out})
    row, is_new = finish(planned, by=asking)
    return Status(201 if is_new else 200, row_out(row))


def _planned(asking: Caller, task_id: UUID, body: FinishIn) -> Finish:
    task = GenerationTask.objects.one_for(asking, task_id)
    if task is None:
        raise NotThere(_("There is no such task."))
    return plan_finish(draft_row(task), _spec(body.model, "model"), body.params)


def _wanted(body: VariationsIn, asking: Caller) -> Wanted:
    kept = body.model_dump(include={"takes", "seeds", "params", "drafts", "name", "content_id", "metadata"})
    language = asked_language(body.language)
    said = made_as_said(body.made_from, body.prompt, asking=asking, language=language, spec=None)
    return Wanted(
        prompt=said.text,
        made_from=said.made_from,
        models=[_spec(name, f"models.{index}") for index, name in enumerate(dict.fromkeys(body.models))],
        styles=[find_style(asking, style) for style in dict.fromkeys(body.styles)],
        inputs=assets_of(asking, {**said.inputs, **body.inputs}),
        language=language,
        collection_id=to_fill(asking, body.collection).pk if body.collection else None,
        **kept,
    )


def _spec(name: str, field: str) -> ModelSpec:
    spec = find_model(meant_by(name))
    if spec is None:
        raise InvalidRequest(_("Some fields cannot be used as they are."), fields={field: _("Choose one of the listed models.")})
    return spec


def _require_nothing_left_out(planned: Plan) -> None:
    if fields := {f"models.{model}.{one.field}": one.why for model, ones in planned.left_out.items() for one in ones}:
        raise _left_out(fields)


def _left_out(fields: dict[str, str]) -> InvalidRequest:
    words = _("A model does not take some of these settings. Change them, or send “leave_out”: then the model's defaults apply.")
    return InvalidRequest(words, code="left_out", fields=fields)


def _cost(
    asking: Caller, costs: Sequence[int | None], left_out: Mapping[str, Iterable[LeftOut]], problems: dict[str, str]
) -> dict[str, Any]:
    budget = tightest_budget(asking)
    return {
        "cost": decimal(sum(cost or 0 for cost in costs)),
        "unpriced": list(costs).count(None),
        "currency": settings.CURRENCY,
        "budget_left": decimal(budget.left) if budget else None,
        "left_out": [
            LeftOutOut(model=model, field=one.field, value=one.value, why=one.why) for model, ones in left_out.items() for one in ones
        ],
        "problems": problems,
    }


def _amount(cost: int | None) -> Decimal | None:
    return None if cost is None else decimal(cost)
