"""Who sees and may do what: the one table, as docs/visibility.md has it. What you may not see does not exist for you.

A token has its owner's rights of now; without the scope `admin` it acts as a plain member. Accounts, prices and the audit log have pages in
the admin only, where Django's permissions decide.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import Enum, auto
from typing import Any

from django.contrib.auth import get_permission_codename
from django.db import models

from access.callers import Caller
from access.scopes import Scope

__all__ = ["may"]


class Who(Enum):
    OWNER = auto()
    TEAM = auto()
    """Members of the team that the row is shared with."""
    STAFF = auto()
    PERMITTED = auto()
    """Staff with Django's permission to change the kind of row, and superusers."""
    SUPERUSER = auto()


RIGHTS: Mapping[tuple[str, str], frozenset[Who]] = {
    ("generation.generationtask", "see"): frozenset({Who.OWNER, Who.TEAM, Who.STAFF}),
    ("generation.generationtask", "act"): frozenset({Who.OWNER, Who.PERMITTED}),
    ("generation.generationtask", "share"): frozenset({Who.OWNER}),
    ("generation.generationtask", "decide"): frozenset({Who.PERMITTED}),
    ("generation.video", "see"): frozenset({Who.OWNER, Who.TEAM, Who.STAFF}),
    ("generation.video", "act"): frozenset({Who.OWNER, Who.PERMITTED}),
    ("generation.video", "review"): frozenset({Who.OWNER, Who.TEAM, Who.STAFF}),
    ("generation.video", "comment"): frozenset({Who.OWNER, Who.TEAM, Who.STAFF}),
    ("library.comment", "change"): frozenset({Who.OWNER}),
    ("library.comment", "delete"): frozenset({Who.OWNER, Who.PERMITTED}),
    ("generation.asset", "see"): frozenset({Who.OWNER, Who.STAFF}),
    ("generation.asset", "act"): frozenset({Who.OWNER, Who.PERMITTED}),
    ("generation.prompt", "see"): frozenset({Who.OWNER, Who.STAFF}),
    ("prompts.template", "see"): frozenset({Who.OWNER, Who.TEAM, Who.STAFF}),
    ("prompts.template", "act"): frozenset({Who.OWNER, Who.PERMITTED}),
    ("library.collection", "see"): frozenset({Who.OWNER, Who.TEAM, Who.STAFF}),
    ("library.collection", "act"): frozenset({Who.OWNER, Who.PERMITTED}),
    ("library.collection", "fill"): frozenset({Who.OWNER, Who.TEAM, Who.PERMITTED}),
    ("library.collection", "share"): frozenset({Who.OWNER}),
    ("library.bulkjob", "see"): frozenset({Who.OWNER, Who.STAFF}),
    ("library.bulkjob", "act"): frozenset({Who.OWNER, Who.PERMITTED}),
    ("delivery.link", "act"): frozenset({Who.OWNER, Who.PERMITTED}),
    ("webhooks.endpoint", "see"): frozenset({Who.OWNER, Who.TEAM, Who.SUPERUSER}),
    ("webhooks.endpoint", "act"): frozenset({Who.OWNER, Who.PERMITTED}),
    ("access.budget", "change"): frozenset({Who.PERMITTED}),
    ("access.apitoken", "see"): frozenset({Who.OWNER, Who.SUPERUSER}),
    ("access.reservation", "see"): frozenset({Who.OWNER, Who.STAFF}),
    ("batches.batch", "see"): frozenset({Who.OWNER, Who.TEAM, Who.STAFF}),
    ("batches.batch", "act"): frozenset({Who.OWNER, Who.PERMITTED}),
    ("batches.recurringbatch", "see"): frozenset({Who.OWNER, Who.TEAM, Who.STAFF}),
    ("batches.recurringbatch", "act"): frozenset({Who.OWNER, Who.PERMITTED}),
    ("generation.liveworker", "see"): frozenset({Who.STAFF}),
    ("generation.bill", "see"): frozenset({Who.STAFF}),
    ("generation.bill", "change"): frozenset({Who.PERMITTED}),
}


def may(caller: Caller, action: str, row: models.Model | type[models.Model]) -> bool:
    """Return whether the caller may do this to the row or, given a model class, to every row of it."""
    model = row if isinstance(row, type) else type(row)
    allowed = RIGHTS[model._meta.label_lower, action]  # noqa: SLF001 - public in Django, whatever its name
    if isinstance(row, models.Model) and Who.OWNER in allowed and row.owner_id == caller.user.pk:  # type: ignore[attr-defined]
        return True
    if any(_is(caller, who, model) for who in allowed):
        return True
    return isinstance(row, models.Model) and Who.TEAM in allowed and _is_shared_with(row, caller)


def _is_shared_with(row: Any, caller: Caller) -> bool:
    """Return whether a team of the caller has the row. What is in the bin is shared with nobody."""
    return row.team_id is not None and getattr(row, "deleted_at", None) is None and row.team_id in caller.teams


def _is(caller: Caller, who: Who, model: type[models.Model]) -> bool:
    """Return whether the caller is this for every row of the model, not only their own."""
    user = caller.user
    if not caller.has(Scope.ADMIN):
        return False
    if who is Who.PERMITTED:
        opts = model._meta  # noqa: SLF001 - public in Django, whatever its name
        return user.is_staff and user.has_perm(f"{opts.app_label}.{get_permission_codename('change', opts)}")
    return (who is Who.STAFF and user.is_staff) or (who is Who.SUPERUSER and user.is_superuser)
