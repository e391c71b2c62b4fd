"""The rate of tokens: one statement for each request counts it and decides, so that many at once never pass the limit.

A minute begins with its first request. The row's lock makes simultaneous requests wait for one another, on SQLite the file's.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from uuid import UUID

from django.db import connection

from access.models import TokenUse
from database import clock

__all__ = ["WINDOW_S", "Taken", "take"]

WINDOW_S = 60
TAKE = """
    INSERT INTO access_tokenuse (line_id, window_ms, used) VALUES (%(line)s, %(now)s, 1)
    ON CONFLICT (line_id) DO UPDATE SET
        used = CASE WHEN access_tokenuse.window_ms + %(window)s <= excluded.window_ms THEN 1 ELSE access_tokenuse.used + 1 END,
        window_ms = CASE WHEN access_tokenuse.window_ms + %(window)s <= excluded.window_ms
            THEN excluded.window_ms ELSE access_tokenuse.window_ms END
    WHERE access_tokenuse.window_ms + %(window)s <= excluded.window_ms OR access_tokenuse.used < %(limit)s
    RETURNING used, window_ms
"""
"""It answers with no row where the limit is reached. SQLite knows RETURNING since 3.35."""


@dataclass(frozen=True, kw_only=True)
class Taken:
    """Whether a request was within the limit, how many of the `limit` are left, and in how many seconds there are all of them again."""

    passed: bool
    limit: int
    remaining: int
    reset_s: int


def take(line_id: UUID, limit: int) -> Taken:
    """Count a request of this line of tokens, outside of any transaction, so that it counts whatever becomes of it."""
    now_ms = int(clock.now().timestamp() * 1000)
    line = TokenUse._meta.pk.get_db_prep_value(line_id, connection)  # noqa: SLF001 - public in Django; SQLite stores UUIDs as text
    with connection.cursor() as cursor:
        cursor.execute(TAKE, {"line": line, "now": now_ms, "window": WINDOW_S * 1000, "limit": limit})
        row = cursor.fetchone()
    passed = row is not None
    used, began_ms = row or (limit, TokenUse.objects.values_list("window_ms", flat=True).get(pk=line_id))
    reset_s = math.ceil((began_ms + WINDOW_S * 1000 - now_ms) / 1000)
    return Taken(passed=passed, limit=limit, remaining=max(0, limit - used), reset_s=max(1, reset_s))
