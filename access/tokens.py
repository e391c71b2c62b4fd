"""API tokens: `vp_<id>_<secret><checksum>`. The id finds the row, the secret proves the caller, the checksum saves a query on typos.

Only an HMAC-SHA256 of the whole token is stored, with a separate pepper: a stolen database has no usable token, and
rotating SECRET_KEY revokes none.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
import string
import zlib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.conf import settings
from django.contrib.auth.models import User
from django.db import OperationalError, connection, transaction
from django.db.models import Case, DateTimeField, F, Q, QuerySet, Value, When
from django.utils import timezone
from django.utils.translation import gettext as _

from access.budget_changes import limit_token, limits_of_token
from access.callers import Caller
from access.limits import Limits, WrongLimits, allows_address, narrower
from access.models import ApiToken
from access.scopes import Scope
from database.prepared import Prepared
from events import audit

__all__ = [
    "AddressRefused",
    "CannotRoll",
    "admitted",
    "authenticate",
    "change",
    "is_public_id",
    "issue",
    "limit",
    "new_text",
    "not_ended",
    "revoke",
    "roll",
    "usual_days",
    "why_not",
    "working",
]

ALPHABET = string.digits + string.ascii_uppercase + string.ascii_lowercase
ID_CHARS, SECRET_CHARS, CHECKSUM_CHARS = 8, 43, 6
LAST_USED_EVERY = timedelta(minutes=1)
NO_LIMITS = Limits()
NOTE_UNLESS_LOCKED = """
    UPDATE access_apitoken SET last_used_at = %s, last_used_ip = %s
    WHERE id = (SELECT id FROM access_apitoken WHERE id = %s FOR UPDATE SKIP LOCKED)
"""
"""In one statement: the ORM's `select_for_update` would need a separate transaction for each request."""


class AddressRefused(Exception):
    """The token is right, and may not be used from this address."""


class CannotRoll(Exception):
    """The token was replaced already (`already_rolled`), or works no more (`token_ended`); `code` says which."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


def usual_days() -> int:
    """Return the life of a new token in days unless one is asked for."""
    return min(settings.TOKEN_DAYS, settings.TOKEN_LONGEST_DAYS or settings.TOKEN_DAYS)


@transaction.atomic
def issue(
    owner: User, label: str, *, by: Caller | None = None, limits: Limits = NO_LIMITS, expires_in: timedelta | None = None
) -> tuple[ApiToken, str]:
    """Create a token. Return it and its text, which is stored nowhere. `by` is None for a command on the server.

    Raises `WrongLimits` if `by` may not give so much. A token that is made with a token joins its line: they share rate and budget.
    """
    expires_at = timezone.now() + expires_in if expires_in else None
    _require_grantable(owner, limits, expires_at, by=by)
    row, raw = _stored(owner=owner, label=label, expires_at=expires_at, first_id=_line_of(by), **limits.as_columns())
    audit.record("token.created", row, by=by, after={"owner": owner, "expires_at": expires_at} | limits.as_columns())
    return row, raw


@transaction.atomic
def change(token: ApiToken, *, by: Caller, label: str, limits: Limits, expires_at: datetime | None) -> None:
    """Set label, limits and end of the token; they apply from the next request on. Raises `WrongLimits` if `by` may not give so much, or if
    it was replaced and would end later.
    """
    wanted = {"label": label, "expires_at": expires_at} | limits.as_columns()
    if token.expires_at != expires_at:  # it may have been replaced since it was read
        token.refresh_from_db(from_queryset=ApiToken.objects.select_for_update(of=("self",), no_key=True))
    before = {name: getattr(token, name) for name, value in wanted.items() if getattr(token, name) != value}
    if not before:
        return
    _require_grantable(token.owner, limits, expires_at, by=by, old=token)
    for name in before:
        setattr(token, name, wanted[name])
    token.save(update_fields=list(before))
    audit.record("token.changed", token, by=by, before=before, after={name: wanted[name] for name in before})


def _stored(**columns: Any) -> tuple[ApiToken, str]:
    """Insert a token with a new text. Return both."""
    public_id, raw = new_text()
    return ApiToken.objects.create(public_id=public_id, digest=_digest(raw), **columns), raw


def new_text() -> tuple[str, str]:
    """Return a new id, and the text of a token with it."""
    public_id = _random(ID_CHARS)
    body = f"vp_{public_id}_{_random(SECRET_CHARS)}"
    return public_id, body + _checksum(body)


def _line_of(by: Caller | None) -> UUID | None:
    return by.token.line_id if by and by.token else None


def why_not(owner: User, limits: Limits, expires_at: datetime | None, *, by: Caller | None, old: ApiToken | None = None) -> dict[str, str]:
    """Return by field what `by` may not give to a token of this owner. What an old token has already is not asked again."""
    if by is None:
        return {}
    wrong = {}
    if Scope.ADMIN in limits.scopes and not owner.is_staff:
        wrong["scopes"] = _("Only staff have tokens that act as an administrator.")
    longest = timezone.now() + timedelta(days=settings.TOKEN_LONGEST_DAYS, minutes=1) if settings.TOKEN_LONGEST_DAYS else None
    if longest and not by.user.is_superuser and (expires_at is None or expires_at > longest):
        wrong["expires_at"] = _("Choose an end within %(days)d days.") % {"days": settings.TOKEN_LONGEST_DAYS}
    if by.token:
        wrong |= narrower(limits, by.token.limits)
        if by.token.expires_at and (expires_at is None or expires_at > by.token.expires_at):
            wrong["expires_at"] = _("This token cannot make one that expires later than itself.")
    if old and old.rolled_to_id and old.expires_at and (expires_at is None or expires_at > old.expires_at):
        wrong["expires_at"] = _("This token was replaced and cannot be extended. Use the new one.")
    if old:
        had = {"expires_at": old.expires_at} | vars(old.limits)
        now = {"expires_at": expires_at} | vars(limits)
        wrong = {name: words for name, words in wrong.items() if had[name] != now[name]}
    return wrong


def _require_grantable(owner: User, limits: Limits, expires_at: datetime | None, *, by: Caller | None, old: ApiToken | None = None) -> None:
    if wrong := why_not(owner, limits, expires_at, by=by, old=old):
        raise WrongLimits(wrong)


@transaction.atomic
def revoke(token: ApiToken, *, by: Caller | None) -> bool:
    """Refuse the token from now on. Return whether it was valid until now. `by` is None for a command on the server."""
    revoked = ApiToken.objects.filter(pk=token.pk, revoked_at=None).update(revoked_at=timezone.now())
    if revoked:
        audit.record("token.revoked", token, by=by)
    return bool(revoked)


@transaction.atomic
def roll(token: ApiToken, *, by: Caller, overlap: timedelta) -> tuple[ApiToken, str]:
    """Replace the token: return the new one and its text. The old one works for `overlap` more, or to its end if that is sooner.

    The new one has the same limits, line and length of life. Raises `CannotRoll`, and `WrongLimits` if `by` is a token that may less, or
    whose rate or budget the new one would not share.
    """
    # its limits as they are stored now, and no narrower ones before this commits: a change and a roll may come at once
    token = ApiToken.objects.select_for_update(of=("self",), no_key=True).select_related("owner").get(pk=token.pk)
    now = timezone.now()
    lives = [] if token.expires_at is None else [token.expires_at - token.created_at]
    if settings.TOKEN_LONGEST_DAYS and not by.user.is_superuser:
        lives.append(timedelta(days=settings.TOKEN_LONGEST_DAYS))
    ends = [now + min(lives)] if lives else []
    if by.token and by.token.pk != token.pk:
        if wrong := narrower(token.limits, by.token.limits) | _not_shared(by.token, token):
            raise WrongLimits(wrong)
        ends += [by.token.expires_at] if by.token.expires_at else []
    expires_at = min(ends, default=None)
    row, raw = _stored(owner=token.owner, label=token.label, expires_at=expires_at, first_id=token.line_id, **token.limits.as_columns())
    until = now + overlap
    sooner = Case(When(expires_at__lt=until, then=F("expires_at")), default=Value(until), output_field=DateTimeField())
    if not working(now).filter(pk=token.pk, rolled_to=None).update(rolled_to=row, expires_at=sooner):
        raise CannotRoll("already_rolled" if ApiToken.objects.get(pk=token.pk).rolled_to_id else "token_ended")
    audit.record("token.rolled", token, by=by, after={"rolled_to": row, "expires_at": until})
    return row, raw


@transaction.atomic
def limit(token: ApiToken, budgets: Mapping[str, int | None], *, by: Caller) -> None:
    """Limit what the token's line may spend in each period, in micro; None removes the limit. Raises `WrongLimits` if `by` is a token whose
    line may not spend as much.
    """
    own = limits_of_token(by.token) if by.token else {}
    wrong = {window: limit for window, limit in budgets.items() if window in own and (limit is None or limit > own[window])}
    if wrong:
        raise WrongLimits({f"budgets.{window}": _("This token cannot give more than it has.") for window in wrong})
    limit_token(token, budgets, by=by)


def _not_shared(asking: ApiToken, other: ApiToken) -> dict[str, str]:
    """Return by field what limits the line of the asking token and not that of the other: the text of a new one in that line passes it."""
    if other.line_id == asking.line_id:
        return {}
    limited = {"rate_per_minute": asking.rate_per_minute is not None, "budget": bool(limits_of_token(asking))}
    return {name: _("This token cannot give more than it has.") for name, is_limited in limited.items() if is_limited}


def working(now: datetime) -> QuerySet[ApiToken]:
    """Return the tokens that are valid at this time."""
    return not_ended().filter(Q(expires_at=None) | Q(expires_at__gt=now))


def not_ended() -> QuerySet[ApiToken]:
    """Return the tokens that were not revoked, of active owners."""
    return ApiToken.objects.filter(revoked_at=None, owner__is_active=True).select_related("owner")


def _asked_for(public_id: str, digest: str) -> QuerySet[ApiToken]:
    return not_ended().filter(public_id=public_id, digest=digest).order_by()


ASKED_FOR = Prepared(_asked_for, "the id", "the digest")


def authenticate(raw: str, *, ip: str = "") -> ApiToken | None:
    """Return the token with this text if it is valid and its owner active, else None. A malformed text costs no query.

    Raises `AddressRefused` if it may not be used from there.
    """
    public_id = _public_id(raw)
    if public_id is None:
        return None
    # the database compares, so that a wrong secret takes as long as an unknown id; who guesses does not choose the digest
    row = next(iter(ASKED_FOR.rows(public_id, _digest(raw))), None)
    return admitted(row, ip=ip) if row else None


def admitted(row: ApiToken, *, ip: str) -> ApiToken | None:
    """Return this token, whose caller has proved to have it, unless its time is over, and note its use.

    Raises `AddressRefused` if it may not be used from there.
    """
    now = timezone.now()
    if row.expires_at is not None and row.expires_at <= now:
        return None
    if not allows_address(row.networks, ip):
        raise AddressRefused(row)
    if row.last_used_at is None or now - row.last_used_at > LAST_USED_EVERY:
        _note_use(row, now, ip[:45])
    return row


def _note_use(row: ApiToken, now: datetime, ip: str) -> None:
    """Note when and from where the token was used, unless the row, or SQLite's file, is locked: a later request notes it."""
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute(NOTE_UNLESS_LOCKED, [now, ip, row.pk])
    else:
        with suppress(OperationalError), _without_waiting():
            ApiToken.objects.filter(pk=row.pk).update(last_used_at=now, last_used_ip=ip)


@contextmanager
def _without_waiting() -> Iterator[None]:
    """Fail at once where SQLite's file is locked: it has one lock for everything and no SKIP LOCKED."""
    (patience_ms,) = connection.connection.execute("PRAGMA busy_timeout").fetchone()
    connection.connection.execute("PRAGMA busy_timeout = 0")
    try:
        yield
    finally:
        connection.connection.execute(f"PRAGMA busy_timeout = {patience_ms:d}")


def _public_id(raw: str) -> str | None:
    body, checksum = raw[:-CHECKSUM_CHARS], raw[-CHECKSUM_CHARS:]
    parts = body.split("_")
    right_shape = len(parts) == 3 and parts[0] == "vp" and len(parts[1]) == ID_CHARS and len(parts[2]) == SECRET_CHARS
    if not right_shape or not raw.isascii() or not hmac.compare_digest(checksum, _checksum(body)):
        return None
    return parts[1]


def is_public_id(text: object) -> bool:
    """Return whether this has the shape of a token's public id."""
    return isinstance(text, str) and len(text) == ID_CHARS and set(text) <= set(ALPHABET)


def _random(length: int) -> str:
    return "".join(secrets.choice(ALPHABET) for _place in range(length))


def _checksum(body: str) -> str:
    number, digits = zlib.crc32(body.encode()), ""
    for _place in range(CHECKSUM_CHARS):
        number, index = divmod(number, len(ALPHABET))
        digits += ALPHABET[index]
    return digits


def _digest(raw: str) -> str:
    return hmac.new(settings.TOKEN_PEPPER.encode(), raw.encode(), hashlib.sha256).hexdigest()
