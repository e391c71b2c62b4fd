"""/webhooks and /deliveries: the endpoints that events are sent to, and what was sent."""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from typing import Annotated, Any
from uuid import UUID

from django.http import HttpRequest
from ninja import Query, Router, Schema, Status
from pydantic import ConfigDict, Field, StrictBool

from access.scopes import Scope
from api.auth import caller, needs
from api.fields import EXACT, Moment
from api.idempotency import idempotent
from api.paging import PageIn, page_of
from api.v1.schemas import TEXT, ErrorOut, Page
from generation.actions.share import require_team
from webhooks import actions
from webhooks.catalog import TYPES, USUAL_TYPES
from webhooks.models import Delivery, Endpoint, Kind, State
from webhooks.queries import deliveries_of, the_delivery, the_endpoint
from webhooks.secrets import message_id

__all__ = ["deliveries", "router"]

router = Router(tags=["webhooks"])
deliveries = Router(tags=["webhooks"])

TypeName = Annotated[str, Field(max_length=40, json_schema_extra={"enum": list(TYPES)})]
Types = Annotated[list[TypeName], Field(min_length=1, max_length=len(TYPES))]
Url = Annotated[str, Field(max_length=2_000, pattern=TEXT)]
Label = Annotated[str, Field(max_length=100, pattern=TEXT)]


class EndpointIn(Schema):
    """Where to send which events. `callback` takes the origin of callback addresses, to get its secret before its first task ends.

    Chats take the address of their bot, and in `key` its signing secret (Feishu, DingTalk) or the id of the chat (Telegram).
    """

    model_config = ConfigDict(extra="forbid")

    kind: Kind = Kind.WEBHOOK
    url: Url = Field("", examples=["https://shop.example/hooks"])
    label: Label = Field("", examples=["shop"])
    types: Types = Field(list(USUAL_TYPES), examples=[["task.succeeded", "task.failed"]])
    key: str = Field("", max_length=200, pattern=TEXT)
    team: str = Field("", max_length=150, pattern=TEXT, description="A team of yours: it gets events of the tasks that are shared with it.")


class EndpointPatch(Schema):
    """What to change; what is left out stays. An endpoint that is enabled again gets what happens from then on."""

    model_config = ConfigDict(extra="forbid")

    url: Url | None = None
    label: Label | None = None
    types: Types | None = None
    enabled: StrictBool | None = None


class EndpointOut(Schema):
    """An endpoint and how it is doing. While it rests, nothing is sent to it; `disabled_code` says why it gets nothing more.

    `unreadable_since`: since then its secret cannot be decrypted, and deliveries wait; roll the secret. `previous_until`: until then older
    secrets sign too.
    """

    id: UUID
    kind: str
    url: str
    label: str
    team: str | None
    types: list[str]
    enabled: bool
    disabled_code: str
    failing_since: datetime | None
    resting_until: datetime | None
    last_ok_at: datetime | None
    unreadable_since: datetime | None
    previous_until: datetime | None
    created_at: datetime


class EndpointWithSecretOut(EndpointOut):
    """An endpoint with the secret that signs. It is shown only this once; empty for kinds that are not signed."""

    secret: str


class RollSecretIn(Schema):
    """For how long the old secret signs too."""

    model_config = ConfigDict(extra="forbid")

    overlap_hours: Annotated[int, Field(ge=0, le=168), EXACT] = 24


class ReplayIn(Schema):
    """Since when: with a time zone."""

    model_config = ConfigDict(extra="forbid")

    since: Moment


class ReplayedOut(Schema):
    """How many deliveries are sent again."""

    replayed: int


class DeliveryOut(Schema):
    """One event for one endpoint. `webhook_id` is the header by which receivers recognise a repeat."""

    id: UUID
    endpoint: UUID
    webhook_id: str
    type: str
    state: State
    attempts: int
    due_at: datetime | None
    created_at: datetime
    finished_at: datetime | None


class TryOut(Schema):
    """One try. `status` is 0 without an answer; `code` is empty for success."""

    at: datetime
    status: int
    ms: int
    code: str


class DeliveryDetailOut(DeliveryOut):
    """A delivery with what was sent, the last tries, and the beginning of the last answer."""

    url: str
    body: dict[str, Any]
    tries: list[TryOut]
    reply: str


class DeliveryFilter(PageIn):
    state: State | None = None
    type: Annotated[str, Field(max_length=40, pattern=TEXT)] = ""


MANAGES = needs(Scope.MANAGE_TOKENS)
"""Endpoints yield secrets, as tokens do, so the same scope makes and changes them."""
LETS_READ = needs(Scope.MANAGE_TOKENS, also=Scope.READ)
"""Events name tasks, and addresses at which their videos play: who says where they are sent needs the right to read them."""
MADE: Any = {201: EndpointWithSecretOut, 403: ErrorOut, 409: ErrorOut, 422: ErrorOut}
ACTED: Any = {403: ErrorOut, 404: ErrorOut, 409: ErrorOut}


@router.post("", response=MADE, summary="Make an endpoint", auth=LETS_READ)
def post_webhook(request: HttpRequest, body: EndpointIn) -> Status[EndpointWithSecretOut]:
    """Make an endpoint. Its secret is in this answer and in no other: store it. There is no Idempotency-Key, because nothing keeps a secret
    for a repeat; delete an endpoint whose answer was lost.
    """
    asking = caller(request)
    team = require_team(body.team, asking) if body.team else None
    endpoint, secret = actions.create(by=asking, team=team, **body.model_dump(exclude={"team"}))
    return Status(201, _with_secret(endpoint, secret))


@router.get("", response=Page[EndpointOut], summary="Your endpoints, newest first")
def list_webhooks(request: HttpRequest, wanted: Query[PageIn]) -> Page[EndpointOut]:
    rows, cursor = page_of(Endpoint.objects.visible_to(caller(request)).select_related("team"), wanted)
    return Page[EndpointOut](items=[_endpoint_out(row) for row in rows], next_cursor=cursor)


@router.get("/{endpoint_id}", response={200: EndpointOut, 404: ErrorOut}, summary="One endpoint")
def get_webhook(request: HttpRequest, endpoint_id: UUID) -> EndpointOut:
    return _endpoint_out(the_endpoint(caller(request), endpoint_id))


@router.patch("/{endpoint_id}", response={200: EndpointOut, 422: ErrorOut, **ACTED}, summary="Change an endpoint", auth=LETS_READ)
def patch_webhook(request: HttpRequest, endpoint_id: UUID, body: EndpointPatch) -> EndpointOut:
    asking = caller(request)
    endpoint = the_endpoint(asking, endpoint_id)
    actions.change(endpoint, by=asking, **body.model_dump(exclude={"enabled"}))
    if body.enabled is not None:
        (actions.enable if body.enabled else actions.disable)(endpoint, by=asking)
    return _endpoint_out(the_endpoint(asking, endpoint_id))


@router.delete("/{endpoint_id}", response={204: None, 403: ErrorOut, 404: ErrorOut}, summary="Delete an endpoint", auth=MANAGES)
def delete_webhook(request: HttpRequest, endpoint_id: UUID) -> Status[None]:
    """Delete it with its deliveries."""
    asking = caller(request)
    actions.delete(the_endpoint(asking, endpoint_id), by=asking)
    return Status(204, None)


@router.post(
    "/{endpoint_id}/roll", response={200: EndpointWithSecretOut, 422: ErrorOut, **ACTED}, summary="Give it a new secret", auth=MANAGES
)
def roll_webhook(request: HttpRequest, endpoint_id: UUID, body: RollSecretIn) -> EndpointWithSecretOut:
    """Answer with a new secret, shown only now. Until the overlap ends the older secrets sign too, so change the receiver in between.
    With `overlap_hours` 0 they are dropped at once.
    """
    asking = caller(request)
    endpoint = the_endpoint(asking, endpoint_id)
    return _with_secret(endpoint, actions.roll(endpoint, by=asking, overlap=timedelta(hours=body.overlap_hours)))


@router.post("/{endpoint_id}/ping", response={202: DeliveryOut, **ACTED}, summary="Send it a test", auth=MANAGES)
@idempotent
def ping_webhook(request: HttpRequest, endpoint_id: UUID) -> Status[DeliveryOut]:
    """Send an event of type `ping`. `GET /deliveries/{id}` says what was answered."""
    asking = caller(request)
    return Status(202, _delivery_out(actions.ping(the_endpoint(asking, endpoint_id), by=asking)))


@router.post("/{endpoint_id}/replay", response={202: ReplayedOut, 422: ErrorOut, **ACTED}, summary="Send again what was lost", auth=MANAGES)
@idempotent
def replay_webhook(request: HttpRequest, endpoint_id: UUID, body: ReplayIn) -> Status[ReplayedOut]:
    """Send everything once more that failed or was not sent since then, with the same ids and bytes."""
    asking = caller(request)
    return Status(202, ReplayedOut(replayed=actions.replay_since(the_endpoint(asking, endpoint_id), body.since, by=asking)))


@router.get("/{endpoint_id}/deliveries", response={200: Page[DeliveryOut], 404: ErrorOut}, summary="Its deliveries, newest first")
def list_deliveries(request: HttpRequest, endpoint_id: UUID, wanted: Query[DeliveryFilter]) -> Page[DeliveryOut]:
    endpoint = the_endpoint(caller(request), endpoint_id)
    rows, cursor = page_of(deliveries_of(endpoint, state=wanted.state or "", type=wanted.type), wanted)
    return Page[DeliveryOut](items=[_delivery_out(row) for row in rows], next_cursor=cursor)


@deliveries.get("/{delivery_id}", response={200: DeliveryDetailOut, 404: ErrorOut}, summary="One delivery")
def get_delivery(request: HttpRequest, delivery_id: UUID) -> DeliveryDetailOut:
    """Show what was sent, each of the last tries, and the beginning of the last answer."""
    row = the_delivery(caller(request), delivery_id)
    facts = _delivery_out(row).model_dump()
    body, tries = json.loads(row.body), [TryOut(**one) for one in row.tries]
    return DeliveryDetailOut(**facts, url=row.url or row.endpoint.url, body=body, tries=tries, reply=row.reply)


@deliveries.post("/{delivery_id}/replay", response={202: DeliveryOut, **ACTED}, summary="Send a delivery again", auth=MANAGES)
@idempotent
def replay_delivery(request: HttpRequest, delivery_id: UUID) -> Status[DeliveryOut]:
    """Send it once more, with the same id and the same bytes. 409 `still_waiting`: it has not been given up yet."""
    asking = caller(request)
    row = the_delivery(asking, delivery_id)
    actions.replay(row, by=asking)
    return Status(202, _delivery_out(row))


def _endpoint_out(row: Endpoint) -> EndpointOut:
    facts = {name: getattr(row, name) for name in EndpointOut.model_fields if name != "team"}
    return EndpointOut(**facts, team=row.team.name if row.team else None)


def _with_secret(row: Endpoint, secret: str) -> EndpointWithSecretOut:
    return EndpointWithSecretOut(**_endpoint_out(row).model_dump(), secret=secret)


def _delivery_out(row: Delivery) -> DeliveryOut:
    plain = {name: getattr(row, name) for name in DeliveryOut.model_fields if name not in {"endpoint", "webhook_id"}}
    return DeliveryOut(**plain, endpoint=row.endpoint_id, webhook_id=message_id(row.event_id))
