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
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import datetime, timedelta

from django.conf import settings
from django.contrib.auth.models import User
from django.db import OperationalError, connection, transaction
from django.db.models import Q
from django.utils import timezone

from access.callers import Caller
from access.models import ApiToken
from events import audit

__all__ = ["authenticate", "issue", "revoke"]

ALPHABET = string.digits + string.ascii_uppercase + string.ascii_lowercase
ID_CHARS, SECRET_CHARS, CHECKSUM_CHARS = 8, 43, 6
LAST_USED_EVERY = timedelta(minutes=1)
NOTE_UNLESS_LOCKED = """
    UPDATE access_apitoken SET last_used_at = %s WHERE id = (SELECT id FROM access_apitoken WHERE id = %s FOR UPDATE SKIP LOCKED)
"""
"""In one statement: the ORM's `select_for_update` would need a separate transaction for each request."""


@transaction.atomic
def issue(owner: User, label: str, *, by: Caller | None = None, expires_in: timedelta | None = None) -> tuple[ApiToken, str]:
    """Create a token. Return it and its text, which is stored nowhere. `by` is None for a command on the server."""
    public_id = _random(ID_CHARS)
    body = f"vp_{public_id}_{_random(SECRET_CHARS)}"
    raw = body + _checksum(body)
    expires_at = timezone.now() + expires_in if expires_in else None
    row = ApiToken.objects.create(owner=owner, label=label, public_id=public_id, digest=_digest(raw), expires_at=expires_at)
    audit.record("token.created", row, by=by, after={"owner": owner, "expires_at": expires_at})
    return row, raw


@transaction.atomic
def revoke(token: ApiToken, *, by: Caller) -> bool:
    """Refuse the token from now on. Return whether it was valid until now."""
    revoked = ApiToken.objects.filter(pk=token.pk, revoked_at=None).update(revoked_at=timezone.now())
    if revoked:
        audit.record("token.revoked", token, by=by)
    return bool(revoked)


def authenticate(raw: str) -> ApiToken | None:
    """Return the token with this text if it is valid and its owner active, else None. A malformed text costs no query."""
    public_id = _public_id(raw)
    if public_id is None:
        return None
    now = timezone.now()
    live = Q(revoked_at=None) & (Q(expires_at=None) | Q(expires_at__gt=now))
    row = ApiToken.objects.select_related("owner").filter(live, public_id=public_id, owner__is_active=True).first()
    if row is None or not hmac.compare_digest(row.digest, _digest(raw)):
        return None
    if row.last_used_at is None or now - row.last_used_at > LAST_USED_EVERY:
        _note_use(row, now)
    return row


def _note_use(row: ApiToken, now: datetime) -> None:
    """Note when the token was used, unless the row, or SQLite's file, is locked: a later request notes it."""
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute(NOTE_UNLESS_LOCKED, [now, row.pk])
    else:
        with suppress(OperationalError), _without_waiting():
            ApiToken.objects.filter(pk=row.pk).update(last_used_at=now)


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


def _random(length: int) -> str:
    return "".join(secrets.choice(ALPHABET) for _ in range(length))


def _checksum(body: str) -> str:
    number, digits = zlib.crc32(body.encode()), ""
    for _ in range(CHECKSUM_CHARS):
        number, index = divmod(number, len(ALPHABET))
        digits += ALPHABET[index]
    return digits


def _digest(raw: str) -> str:
    return hmac.new(settings.TOKEN_PEPPER.encode(), raw.encode(), hashlib.sha256).hexdigest()
