"""Actions of people and their programs on endpoints and deliveries. Each is written to the audit log in its own transaction."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.contrib.auth.models import Group, User
from django.db import IntegrityError, transaction
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from uuid_utils.compat import uuid7

from access.callers import Caller
from access.rights import may
from database import clock
from database.errors import is_taken
from events import audit, outbox
from generation.errors import Conflict, InvalidRequest, NotAllowed
from providers.accounts.sealing import SealBroken
from providers.core.messages import say
from webhooks import notices, secrets
from webhooks.addresses import check_address, origin_of_url, shown
from webhooks.catalog import CALLBACK_TYPES, PING, TYPES
from webhooks.kinds import offered_kinds
from webhooks.kinds.chats import PRODUCTS
from webhooks.models import SIGNED, Delivery, Endpoint, Kind, Off, State
from webhooks.payload import body_of_ping

__all__ = [
    "LONGEST_OVERLAP",
    "USUAL_OVERLAP",
    "change",
    "create",
    "delete",
    "disable",
    "disable_all",
    "enable",
    "ping",
    "replay",
    "replay_since",
    "roll",
    "switch_off",
]

USUAL_OVERLAP = timedelta(hours=24)
LONGEST_OVERLAP = timedelta(days=7)
MOST_PREVIOUS = 4
"""Older secrets that still sign. More than one, because a person who rolls twice may not have changed the receiver yet."""
HEALTHY: dict[str, Any] = {"failures": 0, "failing_since": None, "last_failed_at": None, "resting_until": None}
AGAIN: dict[str, Any] = {"state": State.PENDING, "attempts": 0, "finished_at": None}


def create(
    *, by: Caller, url: str, kind: str = Kind.WEBHOOK, label: str = "", types: Collection[str], team: Group | None = None, key: str = ""
) -> tuple[Endpoint, str]:
    """Create an endpoint. Return it, and its signing secret, which is shown only now; empty for kinds that people read.

    `key` is a chat's signing secret, or the id of a Telegram chat. Raises `InvalidRequest`, `NotAllowed`, `Conflict`.
    """
    if kind not in offered_kinds():
        raise InvalidRequest(_("Some fields cannot be used as they are."), fields={"kind": _("This kind is not offered here.")})
    _check(label=label, types=types)
    if Endpoint.objects.filter(owner=by.user).exclude(kind=Kind.CALLBACK).count() >= settings.MOST_ENDPOINTS:
        words = _("You have as many endpoints as are allowed (%(most)d). Delete one first.") % {"most": settings.MOST_ENDPOINTS}
        raise NotAllowed(words, code="too_many_endpoints")
    if team is not None and (team.pk not in by.teams or kind == Kind.CALLBACK):
        raise InvalidRequest(_("Some fields cannot be used as they are."), fields={"team": _("You are in no team of this name.")})
    endpoint = Endpoint(owner=by.user, team=team, kind=kind, label=label.strip(), types=_sorted(types), language=_language())
    secret = _fill(endpoint, url.strip(), key.strip(), by.user)
    try:
        with transaction.atomic():
            endpoint.save(force_insert=True)
            audit.record(
                "endpoint.created", endpoint, by=by, after={"kind": kind, "url": endpoint.url, "types": endpoint.types, "team": team}
            )
    except IntegrityError as error:
        if not is_taken(error):
            raise
        raise Conflict(_("There is an endpoint for this address already. Roll its secret."), code="already_there") from error
    return endpoint, secret


def _fill(endpoint: Endpoint, url: str, key: str, owner: User) -> str:
    """Set address and secrets. Return the signing secret."""
    if endpoint.kind == Kind.EMAIL:
        endpoint.url = owner.email
        if not endpoint.url:
            words = _("You have no e-mail address here. Ask an administrator to enter it.")
            raise InvalidRequest(words, fields={"url": words})
        secrets.put(endpoint)
        return ""
    check_address(endpoint.kind, url)
    if endpoint.kind in PRODUCTS:
        if PRODUCTS[endpoint.kind].needs_key and not key:
            raise InvalidRequest(_("Some fields cannot be used as they are."), fields={"key": _("Write the id of the chat.")})
        endpoint.url = shown(endpoint.kind, url)
        secrets.put(endpoint, address=url, key=key)
        return ""
    endpoint.url = url
    if endpoint.kind == Kind.CALLBACK:
        endpoint.url, endpoint.types = origin_of_url(url), list(CALLBACK_TYPES)
    secret = secrets.new_secret()
    secrets.put(endpoint, secret=secret)
    return secret


def change(
    endpoint: Endpoint, *, by: Caller, label: str | None = None, url: str | None = None, types: Collection[str] | None = None
) -> None:
    """Change the given values. A new address of a webhook is tried at once. Raises `InvalidRequest`, `NotAllowed`, `Conflict`."""
    _require(endpoint, by)
    _check(label=label or "", types=types)
    changes: dict[str, Any] = {}
    if label is not None and label.strip() != endpoint.label:
        changes["label"] = label.strip()
    if types is not None and _sorted(types) != endpoint.types:
        if endpoint.kind == Kind.CALLBACK:
            raise Conflict(_("The events of callback addresses cannot be changed."), code="fixed_kind")
        changes["types"] = _sorted(types)
    if url is not None and url.strip() != endpoint.url:
        if endpoint.kind != Kind.WEBHOOK:
            raise Conflict(_("Only the address of a webhook can be changed. Make a new endpoint and delete this one."), code="fixed_kind")
        check_address(endpoint.kind, url.strip())
        changes |= {"url": url.strip(), **HEALTHY}
    if not changes:
        return
    shown_names: list[str] = [name for name in ("label", "types", "url") if name in changes]
    before = {name: getattr(endpoint, name) for name in shown_names}
    with transaction.atomic():
        Endpoint.objects.filter(pk=endpoint.pk).update(**changes)
        audit.record("endpoint.changed", endpoint, by=by, before=before, after={name: changes[name] for name in shown_names})
    endpoint.refresh_from_db()


def roll(endpoint: Endpoint, *, by: Caller, overlap: timedelta = USUAL_OVERLAP) -> str:
    """Give the endpoint a new secret and return it; it is shown only now. The old secrets also sign until the overlap ends.

    If the old ones cannot be decrypted, waiting deliveries are sent now. Raises `NotAllowed`, `Conflict`, `InvalidRequest`.
    """
    _require(endpoint, by)
    if endpoint.kind not in SIGNED:
        raise Conflict(_("Messages to people are not signed."), code="not_signed")
    if not timedelta(0) <= overlap <= LONGEST_OVERLAP:
        raise InvalidRequest(_("Some fields cannot be used as they are."), fields={"overlap_hours": _("Choose 0 to 168 hours.")})
    secret, now = secrets.new_secret(), clock.now()
    with transaction.atomic():
        locked = Endpoint.objects.select_for_update().get(pk=endpoint.pk)
        previous: list[str] = []
        try:
            previous = secrets.signing_at(locked, now)[:MOST_PREVIOUS] if overlap else []
        except SealBroken:
            locked.resting_until = None
        secrets.put(locked, secret=secret, previous=" ".join(previous))
        locked.previous_until = now + overlap if previous else None
        locked.unreadable_since = None
        locked.save(update_fields=["sealed", "previous_until", "resting_until", "unreadable_since"])
        if locked.enabled:
            notices.withdraw(locked.owner_id, locked.page)
        audit.record("endpoint.rolled", locked, by=by, after={"previous_until": locked.previous_until})
    endpoint.refresh_from_db()
    return secret


def delete(endpoint: Endpoint, *, by: Caller) -> None:
    """Delete the endpoint with its deliveries. Raises `NotAllowed`."""
    _require(endpoint, by)
    with transaction.atomic():
        audit.record("endpoint.deleted", endpoint, by=by, before={"kind": endpoint.kind, "url": endpoint.url})
        notices.withdraw(endpoint.owner_id, endpoint.page)
        Endpoint.objects.filter(pk=endpoint.pk).delete()


def disable(endpoint: Endpoint, *, by: Caller) -> bool:
    """Disable the endpoint and drop its waiting deliveries. Return whether it was enabled. Raises `NotAllowed`."""
    _require(endpoint, by)
    with transaction.atomic():
        return switch_off(endpoint, Off.BY_PERSON, by=by)


@transaction.atomic
def disable_all(owner: User, *, by: Caller | None) -> int:
    """Disable all endpoints of a person who leaves. Return how many were enabled."""
    return sum(switch_off(endpoint, Off.OWNER_LEFT, by=by) for endpoint in Endpoint.objects.filter(owner=owner, enabled=True))


def switch_off(endpoint: Endpoint, why: Off, *, by: Caller | None) -> bool:
    """Disable the endpoint in the caller's transaction, without a check of rights. Notify its owner if the portal decided it. Return
    whether it was enabled.
    """
    now = clock.now()
    if not Endpoint.objects.filter(pk=endpoint.pk, enabled=True).update(enabled=False, disabled_code=why):
        return False
    endpoint.enabled, endpoint.disabled_code = False, why
    Delivery.objects.filter(endpoint=endpoint, state=State.PENDING).update(state=State.DROPPED, due_at=None, finished_at=now)
    audit.record("endpoint.disabled", endpoint, by=by, after={"reason": why})
    if why in {Off.GONE, Off.DEAD}:
        notices.notify(endpoint.owner_id, say(f"endpoint_{why}", name=str(endpoint)[:200]), url=endpoint.page)
        facts = {"label": str(endpoint)[:200], "reason": why}
        outbox.write("endpoint.disabled", subject=endpoint.pk, owner_id=endpoint.owner_id, at=now, facts=facts)
    return True


def enable(endpoint: Endpoint, *, by: Caller) -> bool:
    """Enable the endpoint for events from now on. Return whether it was disabled. Raises `NotAllowed`."""
    _require(endpoint, by)
    with transaction.atomic():
        disabled = Endpoint.objects.filter(pk=endpoint.pk, enabled=False)
        enabled = disabled.update(enabled=True, disabled_code="", unreadable_since=None, **HEALTHY)
        if enabled:
            notices.withdraw(endpoint.owner_id, endpoint.page)
            audit.record("endpoint.enabled", endpoint, by=by)
    endpoint.refresh_from_db()
    return bool(enabled)


def ping(endpoint: Endpoint, *, by: Caller) -> Delivery:
    """Send the endpoint a test event. Raises `NotAllowed`, `Conflict`."""
    _require(endpoint, by)
    _require_enabled(endpoint)
    if endpoint.kind == Kind.CALLBACK:
        raise Conflict(_("Only tasks have the whole address of a callback, so there is nothing to test."), code="fixed_kind")
    now, event = clock.now(), uuid7()
    with transaction.atomic():
        _end_rest(endpoint)
        body = body_of_ping(endpoint.pk, now)
        return Delivery.objects.create(endpoint=endpoint, event_id=event, type=PING, body=body, due_at=now, created_at=now)


def replay(delivery: Delivery, *, by: Caller) -> None:
    """Send the delivery once more, with the same id and the same bytes. Raises `NotAllowed`, `Conflict`."""
    _require(delivery.endpoint, by)
    _require_enabled(delivery.endpoint)
    now = clock.now()
    with transaction.atomic():
        ended = Delivery.objects.filter(pk=delivery.pk).exclude(state=State.PENDING)
        if not ended.update(due_at=now, **AGAIN):
            raise Conflict(_("This delivery is waiting already."), code="still_waiting")
        _end_rest(delivery.endpoint)
        audit.record("delivery.replayed", delivery, by=by, after={"endpoint": delivery.endpoint})
    delivery.refresh_from_db()


def replay_since(endpoint: Endpoint, since: datetime, *, by: Caller) -> int:
    """Send all deliveries since then that failed or were not sent. Return how many.

    Raises `NotAllowed`, `Conflict`.
    """
    _require(endpoint, by)
    _require_enabled(endpoint)
    with transaction.atomic():
        lost = Delivery.objects.filter(endpoint=endpoint, created_at__gte=since, state__in=[State.FAILED, State.DROPPED])
        count = lost.update(due_at=clock.now(), **AGAIN)
        if count:
            _end_rest(endpoint)
            audit.record("delivery.replayed", endpoint, by=by, after={"since": since, "count": count})
    return count


def _end_rest(endpoint: Endpoint) -> None:
    """End the endpoint's rest, so that the next turn sends to it: a person waits for the answer."""
    Endpoint.objects.filter(pk=endpoint.pk).update(resting_until=None)


def _require(endpoint: Endpoint, by: Caller) -> None:
    if not may(by, "act", endpoint):
        raise NotAllowed(_("This endpoint belongs to someone else. Ask its owner, or an administrator."))


def _require_enabled(endpoint: Endpoint) -> None:
    if not endpoint.enabled:
        raise Conflict(_("This endpoint is disabled. Enable it first."), code="endpoint_disabled")


def _check(*, label: str, types: Collection[str] | None) -> None:
    """Raise `InvalidRequest` that names what cannot be used."""
    wrong = {}
    if len(label) > 100 or not label.isprintable():
        wrong["label"] = _("Write at most 100 characters, in one line.")
    if types is not None and (not types or not set(types) <= set(TYPES)):
        wrong["types"] = _("Choose at least one of: %(types)s.") % {"types": ", ".join(TYPES)}
    if wrong:
        raise InvalidRequest(_("Some fields cannot be used as they are."), fields=wrong)


def _sorted(types: Iterable[str]) -> list[str]:
    """Return the types in the order of the catalog, without repeats."""
    chosen = set(types)
    return [name for name in TYPES if name in chosen]


def _language() -> str:
    return get_language() or settings.LANGUAGE_CODE
