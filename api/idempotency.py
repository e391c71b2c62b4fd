"""Idempotency-Key: a POST that is sent again is answered with the bytes of the first answer, and does nothing again.

As Stripe does it (docs.stripe.com/api/idempotent_requests, read 2026-11-29), with 48 hours instead of 24 (docs/adr/0031). An answer is kept
once the operation has begun, a refusal too. Never kept: what says that the request was not valid, and what says "try again".
The task's own key (`generation.ordering.create`) guards the money, also when no answer was kept.
"""

from __future__ import annotations

import inspect
import json
import logging
from collections.abc import Callable
from datetime import datetime, timedelta
from functools import partial, wraps
from http import HTTPStatus
from typing import Any

from django.db import DatabaseError, InterfaceError, connection
from django.db.models import QuerySet
from django.db.models.constants import OnConflict
from django.db.models.sql import InsertQuery
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.utils.translation import gettext as _
from ninja.operation import Operation
from ninja.params.functions import Header
from ninja.utils import contribute_operation_args, contribute_operation_callback
from pydantic import BaseModel

from api.auth import caller
from api.errors import error_response
from api.models import SavedAnswer
from database import clock
from delivery.waiting import asked_wait_s, first_run, resume
from generation.ordering.create import key_reused
from generation.ordering.order import digest_of

__all__ = ["KEY", "REPLAYED", "claim", "has_new_key", "idempotent", "keep_answers", "old_answers"]

log = logging.getLogger("api.idempotency")

KEY: Any = Header(
    "",
    alias="Idempotency-Key",
    max_length=255,
    pattern=r"^[\x20-\x7e]*$",
    description="Sent again with the same key, within 48 hours, the request is answered with the first answer and does nothing again.",
)
REPLAYED = "Idempotent-Replayed"
KEPT_FOR = timedelta(hours=48)
LOCKED_FOR = timedelta(seconds=60)
"""How long a request may take, beside what it asks to wait for; then its process counts as dead."""
ASK_AGAIN_S = 1
TRIES = 3
"""A try fails when another request ends its claim between two statements; the next one finds what became of it."""
HEADERS = ("Content-Type", "Location", "Preference-Applied")
KEEP = "UPDATE api_savedanswer SET http_status = %s, body = %s, headers = %s WHERE id = %s AND claim = %s"
"""The ORM takes much longer to build it than the database to answer."""
NOT_VALID = frozenset({400, 401, 405, 413, 415, 422})

View = Callable[..., Any]


def idempotent(operation: View) -> View:
    """Give an operation the header `Idempotency-Key`. Use it below the router's decorator, for every POST that returns no secret.

    An operation that needs the key itself has a parameter `idempotency_key: str = KEY`. One that reads its body itself calls `claim`.
    """
    needs_key = "idempotency_key" in inspect.signature(operation).parameters

    @wraps(operation)
    def once(request: HttpRequest, **values: Any) -> Any:
        waited = resume(request, request, values.get("response"))
        if waited is not None:
            return waited
        key = values["idempotency_key"] if needs_key else values.pop("idempotency_key")
        bodies = {name: value.model_dump(mode="json") for name, value in values.items() if isinstance(value, BaseModel)}
        answered = claim(request, key, bodies)
        return operation(request, **values) if answered is None else answered

    def wrap(known: Operation) -> None:
        known.view_func = once  # after ninja has read the annotations, which it does in the module of the function that it is given

    if not needs_key:
        contribute_operation_args(operation, "idempotency_key", str, KEY)
    contribute_operation_callback(operation, wrap)
    return operation


def has_new_key(request: HttpRequest) -> bool:
    """Return whether this is the first request with its key within 48 hours."""
    claimed: SavedAnswer | None = getattr(request, "claimed_answer", None)
    return claimed is not None and claimed.claim == 1


def keep_answers(view: Callable[..., HttpResponseBase]) -> Callable[..., HttpResponseBase]:
    """Keep the answers of a view of ninja's whose operation has claimed a key: only here are their bytes known."""

    @wraps(view)
    def wrapped(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        response = view(request, *args, **kwargs)
        claimed: SavedAnswer | None = getattr(request, "claimed_answer", None) or _claimed_before(request)
        if claimed is None:
            return response
        if waiter := getattr(response, "waiter", None):
            waiter.give_up = partial(_give_up, claimed)
        else:
            _keep(claimed, request, response)
        return response

    return wrapped


def _claimed_before(request: HttpRequest) -> SavedAnswer | None:
    """Return the claim of the first run of a request that has waited. The second run needs it if it is refused early."""
    waiter = first_run(request)
    return waiter.carried.get("claimed_answer") if waiter else None


def _give_up(claimed: SavedAnswer) -> None:
    """End the claim of a request whose client hung up while it waited: a repeat finds the task, and may wait again."""
    _mine(claimed).delete()


def _mine(claimed: SavedAnswer) -> QuerySet[SavedAnswer]:
    """Return the row of the claim, unless another request has taken it over."""
    return SavedAnswer.objects.filter(pk=claimed.pk, claim=claimed.claim)


def _keep(claimed: SavedAnswer, request: HttpRequest, response: HttpResponseBase) -> None:
    """Keep the answer, or give the claim up. Never fails: the answer is sent in any case, and the claim ends by itself."""
    try:
        if hasattr(request, "connection_lost"):
            connection.close()  # the next statement opens another
        if isinstance(response, HttpResponse) and _is_lasting(response):
            headers = {name: response[name] for name in HEADERS if name in response}
            with connection.cursor() as cursor:
                pk = SavedAnswer._meta.pk.get_db_prep_value(claimed.pk, connection)  # noqa: SLF001 - public in Django
                cursor.execute(KEEP, [response.status_code, response.content, json.dumps(headers), pk, claimed.claim])
        else:
            _mine(claimed).delete()
    except (DatabaseError, InterfaceError) as error:
        log.warning("the answer to %s %s was not kept: %s", request.method, request.path, error)


def old_answers(now: datetime) -> QuerySet[SavedAnswer]:
    """Return the answers that nobody may ask for any more."""
    return SavedAnswer.objects.filter(created_at__lte=now - KEPT_FOR)


def _is_lasting(response: HttpResponse) -> bool:
    """Return whether a repeat should get this answer: not one that says that the request was not valid, or that it may work in a moment."""
    status = response.status_code
    return status < HTTPStatus.INTERNAL_SERVER_ERROR and status not in NOT_VALID and "Retry-After" not in response


def claim(request: HttpRequest, key: str, body: Any) -> HttpResponse | None:
    """Claim the key for this request and return None, or return the answer that it has: the first one, or that it is being made. Without a
    key, return None. `body` are values by which requests differ.

    Raises `InvalidRequest` if the key was used for another request.
    """
    if not key:
        return None
    owner, now = caller(request).user, clock.now()
    digest = digest_of(request.method, request.get_full_path(), body)
    until = now + LOCKED_FOR + timedelta(seconds=asked_wait_s(request.headers.get("Prefer", "")))
    fresh = {"digest": digest, "locked_until": until, "created_at": now}
    for _try in range(TRIES):
        claimed = _inserted(SavedAnswer(owner=owner, key=key, **fresh))
        if claimed is None:
            known = SavedAnswer.objects.filter(owner=owner, key=key).first()
            if known is None:
                continue
            is_old = known.created_at <= now - KEPT_FOR
            if known.digest != digest and not is_old:
                raise key_reused()
            if known.http_status is not None and not is_old:
                return _replayed(known)
            if known.http_status is None and known.locked_until > now:
                break
            claimed = _taken_over(known, fresh)
        if claimed is not None:
            request.claimed_answer = claimed  # type: ignore[attr-defined]
            return None
    refusal = error_response(409, "idempotency_in_flight", _("The same request is being answered right now. Ask again in a moment."))
    refusal["Retry-After"] = str(ASK_AGAIN_S)
    return refusal


def _inserted(claim: SavedAnswer) -> SavedAnswer | None:
    """Return the claim if its key was free. Committed at once, so that others are answered without waiting for this request."""
    insert = InsertQuery(SavedAnswer, on_conflict=OnConflict.IGNORE)
    insert.insert_values(SavedAnswer._meta.concrete_fields, [claim])  # noqa: SLF001 - public in Django, whatever its name
    ((statement, values),) = insert.get_compiler(connection=connection).as_sql()
    with connection.cursor() as cursor:
        cursor.execute(statement, values)
        return claim if cursor.rowcount else None


def _taken_over(known: SavedAnswer, fresh: dict[str, Any]) -> SavedAnswer | None:
    """Return the claim of a process that died, or of an answer that is too old, as this request's; None if another was faster."""
    mine = {**fresh, "claim": known.claim + 1, "http_status": None, "body": b"", "headers": {}}
    taken = SavedAnswer.objects.filter(pk=known.pk, claim=known.claim, http_status=known.http_status).update(**mine)
    known.claim += 1
    return known if taken else None


def _replayed(known: SavedAnswer) -> HttpResponse:
    headers: dict[str, str] = {**known.headers, REPLAYED: "true"}
    return HttpResponse(bytes(known.body), status=known.http_status, headers=headers)
