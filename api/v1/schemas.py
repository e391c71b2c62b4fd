"""Bodies of requests and answers of /api/v1. Only shapes: `generation` and each model's params decide what is allowed.

None contains a vendor's URL.
"""

from __future__ import annotations

import math
from datetime import date, datetime
from decimal import Decimal
from typing import Annotated, Any, Generic, TypeVar
from uuid import UUID

from django.conf import settings
from django.utils.translation import gettext as _
from ninja import Schema
from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, StrictBool, WithJsonSchema

from api.fields import EXACT, TEXT
from api.v1.made_from import MadeFrom
from api.v1.price_schemas import PriceOut, price_out
from api.v1.video_schemas import VideoOut, video_out
from generation.actions.settle import MOST
from generation.lifecycle import Status
from generation.messages import failure_sentence, review_sentence, waits_because
from generation.models import GenerationTask
from generation.models.switch import Stop
from generation.ordering.validate import is_small
from generation.tariff import Tariff
from providers.core.catalog import InputSlot, ModelSpec, offered
from providers.core.types import LONGEST_ID_BYTES
from providers.vendors import ALL_MODELS

__all__ = [
    "TEXT",
    "AdoptIn",
    "CostIn",
    "ErrorOut",
    "Metadata",
    "ModelName",
    "ModelOut",
    "Page",
    "ShareIn",
    "SubmitAgainIn",
    "TaskIn",
    "TaskOut",
    "model_out",
    "task_out",
]

Item = TypeVar("Item")


class Page(Schema, Generic[Item]):
    """A page of a list, newest first. `next_cursor` is null on the last page."""

    items: list[Item]
    next_cursor: UUID | None


class ErrorBody(Schema):
    code: str
    message: str
    fields: dict[str, str]
    request_id: str = Field(description="The answer's `X-Request-Id`. The portal's log has it too.")


class ErrorOut(Schema):
    error: ErrorBody


def _as_list(value: Any) -> Any:
    """Accept one image or several, each as an id or as {"asset": id}."""
    many = value if isinstance(value, list) else [value]
    return [item["asset"] if isinstance(item, dict) and set(item) == {"asset"} else item for item in many]


def _small(value: dict[str, Any]) -> dict[str, Any]:
    if not is_small(value):
        raise ValueError(_("At most 16 kB."))
    return value


ASSET_REF = {
    "anyOf": [
        {"type": "string", "format": "uuid"},
        {"type": "object", "required": ["asset"], "properties": {"asset": {"type": "string", "format": "uuid"}}},
    ]
}
SlotIn = Annotated[
    list[UUID],
    BeforeValidator(_as_list),
    Field(max_length=20),
    WithJsonSchema({"anyOf": [*ASSET_REF["anyOf"], {"type": "array", "items": ASSET_REF, "maxItems": 20}]}),
]


Metadata = Annotated[dict[str, Any], AfterValidator(_small)]
ModelName = Annotated[
    str,
    Field(
        min_length=1,
        max_length=120,
        pattern=TEXT,
        description="A name of GET /models, or an alias that an administrator set.",
        examples=[next(iter(ALL_MODELS.built_in))],
    ),
]


class TaskIn(Schema):
    """What to generate. `params`, and the longest `prompt`, are the model's own: see GET /models/{provider}/{model}.

    Whole numbers anywhere in the body are within ±(2^63 - 1), and objects and lists are nested at most 32 deep.
    """

    model_config = ConfigDict(extra="forbid")

    model: ModelName
    prompt: str = Field("", max_length=20_000, pattern=TEXT, examples=["a red fox in the snow"])
    params: dict[str, Any] = Field(default_factory=dict, max_length=60, examples=[{}])
    inputs: dict[str, SlotIn] = Field(default_factory=dict, max_length=10, description="Slot name to asset ids.", examples=[{}])
    content_id: str = Field(
        "", max_length=200, pattern=TEXT, description="What you call the thing that the video is for; several tasks may have the same."
    )
    callback_url: str = Field(
        "",
        max_length=2_000,
        pattern=TEXT,
        description="https, or http in an allowed network. It gets a request when the task ends (docs/webhooks.md).",
    )
    external_id: str = Field("", max_length=200, pattern=TEXT, description="Your own id; unique among your tasks.")
    team: str = Field("", max_length=150, pattern=TEXT, description="A team of yours, whose members then see the task and its videos.")
    paying_team: str = Field(
        "", max_length=150, pattern=TEXT, description="A team of yours, whose budget and usage count it; empty: as your preferences say."
    )
    metadata: Metadata = Field(default_factory=dict, description="Kept and given back, at most 16 kB.", examples=[{}])
    made_from: MadeFrom = ""
    collection: UUID | None = Field(
        None, description="A collection that you may fill; the videos go into it when they are stored.", examples=[None]
    )
    cache: StrictBool | None = Field(
        None,
        description="true: if you have the stored video of an equal order, you get it at once, and nothing is bought. false: never. "
        "null: as your token and the model are set.",
        examples=[None],
    )


class ShareIn(Schema):
    """The name of a team of yours; null ends it."""

    model_config = ConfigDict(extra="forbid")

    team: str | None = Field(max_length=150, pattern=TEXT, examples=[None])


class AdoptIn(Schema):
    """The vendor's own id of the render, as its console shows it."""

    model_config = ConfigDict(extra="forbid")

    vendor_id: str = Field(min_length=1, max_length=LONGEST_ID_BYTES, pattern=r"\S")


class SubmitAgainIn(Schema):
    """`knows_cost` confirms that the first request may have been charged too."""

    model_config = ConfigDict(extra="forbid")

    knows_cost: StrictBool = False


class CostIn(Schema):
    """What a purchase cost, in the portal's currency; 0: it was not charged. `reason` is needed where that is known already; the audit log
    keeps it. `sending` is 1 for the order and 2 and up where a person sent it again; without it, the one whose cost is not known, or else
    the last.
    """

    model_config = ConfigDict(extra="forbid")

    amount: Annotated[Decimal, Field(ge=0, le=MOST, decimal_places=6, examples=["3.50"])]
    reason: str = Field("", max_length=200, pattern=TEXT, examples=["typed wrongly"])
    sending: Annotated[int, Field(ge=1, le=30_000), EXACT] | None = None


class RulesOut(Schema):
    """Which images are accepted. Each is stored and sent as JPEG or PNG within `max_bytes`; of a file with several pictures, the first.

    Null means no limit. A ratio is width / height.
    """

    formats: list[str]
    max_bytes: int
    max_pixels: int
    min_side_px: int
    max_side_px: int
    min_ratio: float | None
    max_ratio: float | None
    transparency: bool


class SlotOut(Schema):
    slot: str
    title: str
    min_count: int
    max_count: int
    rules: RulesOut


class ModelOut(BaseModel):
    """A model. `available` is true while an enabled account offers it. `needed_inputs` are the slots that a default request must fill;
    of `one_of_inputs` it must fill one. If `needs_prompt` is false, an image or a required setting is enough. If the setting
    that `instead_of_prompt` names is given, it replaces the prompt, which must then be empty.
    """

    name: str
    label: str
    vendor: str
    available: bool
    needs_prompt: bool
    instead_of_prompt: str | None
    max_prompt_chars: int
    usual_s: tuple[int, int]
    inputs: list[SlotOut]
    needed_inputs: list[str]
    one_of_inputs: list[str]
    price: PriceOut | None
    retired: date | None
    docs_url: str
    json_schema: dict[str, Any]


class FailureOut(BaseModel):
    """What happened and what to do, and what the vendor said."""

    code: str
    message: str
    advice: str
    vendor_code: str
    vendor_message: str


class CostOut(BaseModel):
    """What the task is expected to cost, in `currency`, and what it cost in the end, in `settled_currency`, that of the portal's budgets.

    `estimated` is null without a price, `settled` until the task has ended, and while a person has to decide whether it was charged. Both
    are null for a task in a sandbox, where nothing is billed. `settled_by` says what it was worked out from, best first: `charged` money or
    `units` that the vendor reports, tokens or seconds of its `usage`, the `reported` or `measured` length, or what was `asked`; `nothing`
    was made; a `person` or a `bill` decided.
    """

    estimated: Decimal | None
    currency: str
    settled: Decimal | None
    settled_currency: str
    settled_by: str


class UsageOut(BaseModel):
    """What the vendor reported when the render ended: `reported` in its own words, `charged` in `unit` if it says that: money, `tokens` or
    `seconds` that it bills, or its own `credits` or `units`. Null and empty where it reports nothing.
    """

    reported: str
    charged: Decimal | None
    unit: str


class TaskOut(BaseModel):
    """A task. `asked_model` differs from `model` if an administrator's rule replaced the requested model. `vendor_task_id` is the vendor's
    id of the render, empty until it is accepted.
    """

    id: UUID
    status: Status
    vendor_task_id: str
    model: str
    asked_model: str
    prompt: str
    params: dict[str, Any]
    inputs: dict[str, list[UUID]]
    progress: int | None
    waits_because: str
    error: FailureOut | None
    videos: list[VideoOut]
    videos_in_bin: list[UUID]
    content_id: str
    callback_url: str
    external_id: str
    metadata: dict[str, Any]
    made_from: dict[str, Any] = Field(description="How the prompt came to be; empty if it was typed.")
    retry_of: UUID | None
    copy_of: UUID | None = Field(description="The task whose stored videos it was given, so that nothing was bought.")
    cost: CostOut
    usage: UsageOut
    collection: UUID | None = Field(description="The collection that the order named for its videos.")
    team: str | None = Field(description="The team whose members see it; null: nobody but its owner, and staff.")
    paying_team: str | None = Field(description="The team that the order named to pay; null: none, so the owner's preferences decided.")
    cancel_requested_at: datetime | None
    created_at: datetime
    updated_at: datetime
    submitted_at: datetime | None
    accepted_at: datetime | None
    rendered_at: datetime | None
    finished_at: datetime | None


def model_out(spec: ModelSpec, vendor: str, *, available: bool, tariff: Tariff | None) -> ModelOut:
    return ModelOut(
        name=spec.name,
        label=spec.label,
        vendor=vendor,
        available=available,
        needs_prompt=spec.needs_prompt,
        instead_of_prompt=spec.params.instead_of_prompt or None,
        max_prompt_chars=spec.max_prompt_chars,
        usual_s=spec.usual_s,
        inputs=[_slot_out(slot) for slot in spec.slots],
        needed_inputs=[name for name in spec.needed_slots if name not in spec.one_of_slots],
        one_of_inputs=list(spec.one_of_slots),
        price=price_out(tariff) if tariff else None,
        retired=spec.retired,
        docs_url=spec.docs_url,
        json_schema=spec.json_schema(),
    )


def _slot_out(slot: InputSlot) -> SlotOut:
    rules = offered(slot.rules, settings.MAX_IMAGE_BYTES)
    shown = RulesOut(
        formats=list(rules.formats),
        max_bytes=rules.max_bytes,
        max_pixels=rules.max_pixels,
        min_side_px=rules.min_side_px,
        max_side_px=rules.max_side_px,
        min_ratio=rules.min_ratio or None,
        max_ratio=rules.max_ratio if rules.max_ratio and math.isfinite(rules.max_ratio) else None,
        transparency=rules.alpha,
    )
    return SlotOut(slot=slot.name, title=slot.title, min_count=slot.min_count, max_count=slot.max_count, rules=shown)


def task_out(task: GenerationTask, origin: str, stop: Stop | None = None, *, is_new: bool = False) -> TaskOut:
    """Return the task as the API shows it. Prefetch `prompt`, `inputs` and `videos` of many. `stop`: why nothing is sent now. A task that
    was just stored (`is_new`) has no videos, and nothing is asked.
    """
    plain = {"id", "status", "model", "params", "progress", "content_id", "callback_url", "external_id", "metadata"}
    facts = {name: getattr(task, name) for name in TaskOut.model_fields if name in plain or name.endswith("_at")}
    return TaskOut(
        **facts,
        vendor_task_id=task.submission_id,
        asked_model=task.asked_model or task.model,
        prompt=task.prompt.text,
        made_from=task.prompt.made_from,
        inputs=task.image_ids(),
        waits_because=waits_because(task, stop),
        error=_failure(task),
        videos=[] if is_new else [video_out(video, origin) for video in task.kept_videos()],
        videos_in_bin=[] if is_new else [video.pk for video in task.binned_videos()],
        retry_of=task.retry_of_id,
        copy_of=task.copy_of_id,
        collection=task.collection_id,
        team=task.team.name if task.team else None,
        paying_team=task.paying_team.name if task.paying_team else None,
        cost=CostOut(
            estimated=_as_stored(task.cost),
            currency=task.currency,
            settled=task.spent,
            settled_currency=settings.CURRENCY,
            settled_by=task.cost_basis,
        ),
        usage=UsageOut(reported=task.usage, charged=task.charged_amount, unit=task.charged_unit),
    )


def _as_stored(amount: Decimal | None) -> Decimal | None:
    """Return the amount with as many digits as the column has, also before it was read from there."""
    places = GenerationTask._meta.get_field("cost_estimated").decimal_places  # noqa: SLF001 - public in Django, whatever its name
    return None if amount is None else amount.quantize(Decimal(1).scaleb(-places))


def _failure(task: GenerationTask) -> FailureOut | None:
    if not task.error_code or task.state not in {Status.FAILED, Status.NEEDS_REVIEW}:
        return None
    sentence = review_sentence if task.state is Status.NEEDS_REVIEW else failure_sentence
    message, advice = sentence(task.error_code)
    return FailureOut(
        code=task.error_code, message=message, advice=advice, vendor_code=task.vendor_code, vendor_message=str(task.error_message)
    )
