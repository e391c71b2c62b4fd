"""Endpoints and deliveries as their pages show them."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.contrib.auth.models import User
from django.urls import reverse
from django.utils.dateparse import parse_datetime
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from access.callers import Caller
from access.rights import may
from providers.labels import listed
from web.formatting import moment
from web.presenters.facts import Fact
from web.presenters.states import Face
from webhooks.catalog import ACCOUNT_RESTS, ALERTS, TYPES
from webhooks.messages import TRIES
from webhooks.models import SIGNED, Delivery, Endpoint, Kind, Off, State
from webhooks.secrets import message_id

__all__ = [
    "DeliveryPage",
    "DeliveryRow",
    "EndpointPage",
    "EndpointRow",
    "advice_on",
    "delivery_page",
    "delivery_row",
    "endpoint_page",
    "endpoint_row",
    "face_of",
    "kind_words",
    "state_tabs",
    "tries_of",
    "type_choices",
    "types_of",
]

TYPE_WORDS: dict[str, str | Promise] = {
    "task.started": gettext_lazy("A video is being made"),
    "task.succeeded": gettext_lazy("A video is done"),
    "task.failed": gettext_lazy("A task failed"),
    "task.cancelled": gettext_lazy("A task was cancelled"),
    "task.needs_review": gettext_lazy("A task needs review"),
    "task.expiring": gettext_lazy("A vendor's file ends soon and is not stored"),
    "account.resting": gettext_lazy("A provider account rests"),
    "budget.warning": gettext_lazy("A budget is almost used up"),
    "system.alert": gettext_lazy("Something in the portal needs an administrator"),
    "system.recovered": gettext_lazy("What needed an administrator is over"),
    "batch.finished": gettext_lazy("A batch has ended"),
    "batch.run_failed": gettext_lazy("A recurring batch made no videos"),
    "video.reviewed": gettext_lazy("A video was approved or rejected"),
    "endpoint.disabled": gettext_lazy("Another endpoint was disabled"),
    "ping": gettext_lazy("Test"),
}
FACES = {
    State.PENDING: Face(label=State.PENDING.label, tone="wait", icon="clock"),
    State.DONE: Face(label=State.DONE.label, tone="ok", icon="circle-check"),
    State.FAILED: Face(label=State.FAILED.label, tone="bad", icon="circle-x"),
    State.DROPPED: Face(label=State.DROPPED.label, tone="off", icon="circle-slash"),
}
SHOWN_OF_SIGNATURE = 8


@dataclass(frozen=True, kw_only=True)
class EndpointRow:
    """An endpoint in the list."""

    name: str
    href: str
    kind: str
    url: str
    team: str
    face: Face
    last: str


@dataclass(frozen=True, kw_only=True)
class DeliveryRow:
    """A delivery in the list."""

    name: str
    href: str
    note: str
    face: Face


@dataclass(frozen=True, kw_only=True)
class EndpointPage:
    """An endpoint's own page."""

    row: EndpointRow
    facts: list[Fact]
    advice: str
    may_act: bool
    can_roll: bool
    can_ping: bool


@dataclass(frozen=True, kw_only=True)
class Try:
    """One try of a delivery."""

    at: datetime | None
    words: str
    face: Face


@dataclass(frozen=True, kw_only=True)
class DeliveryPage:
    """A delivery's own page. `headers` are those of a program's request, without the signature's secret part."""

    row: DeliveryRow
    facts: list[Fact]
    headers: str
    body: str
    tries: list[Try]
    reply: str
    can_replay: bool


def type_choices(user: User) -> list[tuple[str, str | Promise]]:
    """Return the events that this person's endpoints can get."""
    return [(name, TYPE_WORDS[name]) for name in TYPES if user.is_staff or name not in {ACCOUNT_RESTS, *ALERTS}]


def kind_words(kind: str) -> str:
    """Return what people call the kind."""
    return str(Kind(kind).label)


def face_of(endpoint: Endpoint, now: datetime) -> Face:
    """Return how the endpoint is doing, as icon and word."""
    if not endpoint.enabled:
        return Face(label=_("Disabled"), tone="off", icon="circle-slash")
    if endpoint.unreadable_since:
        return Face(label=_("Secret unreadable"), tone="bad", icon="triangle-alert")
    if endpoint.failures:
        if endpoint.rests(now):
            words = _("Failing, rests until %(time)s") % {"time": moment(endpoint.resting_until)}
            return Face(label=words, tone="warn", icon="hourglass")
        return Face(label=_("Failing since %(time)s") % {"time": moment(endpoint.failing_since)}, tone="warn", icon="triangle-alert")
    return Face(label=_("Good"), tone="ok", icon="circle-check")


def advice_on(endpoint: Endpoint) -> str:
    """Return why nothing is sent to the endpoint, and what to do; empty if it is enabled and its secret can be read."""
    if endpoint.disabled_code:
        return str(Off(endpoint.disabled_code).label)
    if not endpoint.unreadable_since:
        return ""
    since = _("The portal has not been able to decrypt the secret since %(time)s (CREDENTIAL_KEYS). Deliveries wait and none is lost.") % {
        "time": moment(endpoint.unreadable_since)
    }
    if endpoint.kind in SIGNED:
        return f"{since} " + _("Make a new secret and enter it in your receiver, or ask an administrator to restore the old key.")
    return f"{since} " + _("Ask an administrator to restore the old key. Otherwise make a new endpoint and delete this one.")


def endpoint_row(endpoint: Endpoint, now: datetime) -> EndpointRow:
    """Return a line of the list."""
    last = endpoint.last_ok_at
    return EndpointRow(
        name=str(endpoint),
        href=reverse("webhook", args=[endpoint.pk]),
        kind=kind_words(endpoint.kind),
        url=endpoint.url if endpoint.label else "",
        team=endpoint.team.name if endpoint.team else "",
        face=face_of(endpoint, now),
        last=_("delivered %(time)s") % {"time": moment(last)} if last else _("nothing delivered yet"),
    )


def types_of(endpoint: Endpoint) -> str:
    """Return the events that it gets, in words."""
    return listed(str(TYPE_WORDS.get(name, name)) for name in endpoint.types)


def endpoint_page(endpoint: Endpoint, caller: Caller, now: datetime) -> EndpointPage:
    """Return the endpoint's page."""
    facts = [
        Fact(label=_("Kind"), value=kind_words(endpoint.kind)),
        Fact(label=_("Address"), value=endpoint.url, mono=True),
        Fact(label=_("Events"), value=types_of(endpoint)),
    ]
    if endpoint.team:
        facts.append(Fact(label=_("Team"), value=endpoint.team.name))
    if endpoint.owner_id != caller.user.pk:
        facts.append(Fact(label=_("Owner"), value=endpoint.owner.get_username()))
    facts.append(Fact(label=_("Created"), value=moment(endpoint.created_at)))
    if endpoint.last_ok_at:
        facts.append(Fact(label=_("Last delivered"), value=moment(endpoint.last_ok_at)))
    if endpoint.previous_until and endpoint.previous_until > now and not endpoint.unreadable_since:
        facts.append(Fact(label=_("Old secret"), value=_("signs too until %(time)s") % {"time": moment(endpoint.previous_until)}))
    return EndpointPage(
        row=endpoint_row(endpoint, now),
        facts=facts,
        advice=advice_on(endpoint),
        may_act=may(caller, "act", endpoint),
        can_roll=endpoint.kind in SIGNED,
        can_ping=endpoint.enabled and endpoint.kind != Kind.CALLBACK,
    )


def delivery_row(delivery: Delivery) -> DeliveryRow:
    """Return a line of the log."""
    notes = [moment(delivery.created_at, "H:i:s")]
    if delivery.url:
        notes.append(delivery.url)
    if delivery.attempts and delivery.state != State.DONE:
        notes.append(_("tries: %(n)d") % {"n": delivery.attempts})
    if delivery.state == State.PENDING and delivery.attempts:
        notes.append(_("again %(time)s") % {"time": moment(delivery.due_at, "H:i:s")})
    return DeliveryRow(
        name=str(TYPE_WORDS.get(delivery.type, delivery.type)),
        href=reverse("webhook-delivery", args=[delivery.pk]),
        note=" · ".join(notes),
        face=FACES[State(delivery.state)],
    )


def delivery_page(delivery: Delivery, caller: Caller) -> DeliveryPage:
    """Return the delivery's page."""
    endpoint = delivery.endpoint
    facts = [
        Fact(label=_("Endpoint"), value=str(endpoint), href=reverse("webhook", args=[endpoint.pk])),
        Fact(label=_("Address"), value=delivery.url or endpoint.url, mono=True),
        Fact(label=_("Event"), value=delivery.type, mono=True),
    ]
    return DeliveryPage(
        row=delivery_row(delivery),
        facts=facts,
        headers="\n".join(_headers(delivery)) if endpoint.kind in SIGNED else "",
        body=json.dumps(json.loads(delivery.body), indent=2, ensure_ascii=False),
        tries=tries_of(delivery),
        reply=delivery.reply,
        can_replay=delivery.state != State.PENDING and endpoint.enabled and may(caller, "act", endpoint),
    )


def _headers(delivery: Delivery) -> list[str]:
    return [
        f"webhook-id: {message_id(delivery.event_id)}",
        "webhook-timestamp: " + _("seconds since 1970, of each try"),
        "webhook-signature: v1,…",
        "content-type: application/json",
    ]


def tries_of(delivery: Delivery) -> list[Try]:
    """Return its last tries, the oldest first."""
    return [_try(entry) for entry in delivery.tries]


def _try(entry: dict[str, Any]) -> Try:
    face = FACES[State.FAILED if entry["code"] else State.DONE]
    words = _(TRIES.get(entry["code"], TRIES["unexpected"])) if entry["code"] else str(face.label)
    status = f"{entry['status']} · " if entry["status"] else ""
    return Try(at=parse_datetime(entry["at"]), words=f"{status}{words} ({entry['ms']} ms)", face=face)


def state_tabs(href: str, chosen: str) -> list[dict[str, Any]]:
    """Return the filters of the log."""
    tabs = [("", _("All")), *((state.value, str(state.label)) for state in State)]
    return [{"label": words, "href": f"{href}?state={name}" if name else href, "current": name == chosen} for name, words in tabs]
