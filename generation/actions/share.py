"""Shares a task, with all of its videos, with one team: a Django group, whose members then see both (docs/visibility.md)."""

from __future__ import annotations

from django.contrib.auth.models import Group
from django.db import transaction
from django.utils.translation import gettext as _

from access.callers import Caller
from access.rights import may
from database import clock
from events import audit
from generation.actions.rights import require_rights
from generation.errors import InvalidRequest, NotAllowed
from generation.models import GenerationTask, Video

__all__ = ["require_team", "share"]


def require_team(name: str, by: Caller, field: str = "team") -> Group:
    """Return the team of the caller with this name. Raises `InvalidRequest` about `field`: teams of others do not exist for them."""
    team = Group.objects.filter(name=name, pk__in=by.teams).first()
    if team is None:
        raise _not_yours(field)
    return team


def share(task: GenerationTask, team: Group | None, *, by: Caller) -> None:
    """Show the task and its videos to the members of a team of its owner's; None ends it. A repeat changes nothing.

    Everybody who may act on the task may end it; only its owner may share it. Raises `NotAllowed`, and `InvalidRequest` for a team that the
    owner is not in.
    """
    if team is None:
        require_rights(task, by)
    elif not may(by, "share", task):
        raise NotAllowed(_("Only its owner can share it with a team."))
    elif team.pk not in by.teams:
        raise _not_yours()
    with transaction.atomic():
        # the task first, as `ingest` does: a video that is created at this moment has the new team, or is found here
        changed = GenerationTask.objects.filter(pk=task.pk).exclude(team=team).update(team=team, updated_at=clock.now())
        Video.objects.filter(task=task).change(team=team)
        if changed:
            audit.record("task.shared", task, by=by, before={"team": task.team}, after={"team": team})
    task.team = team


def _not_yours(field: str = "team") -> InvalidRequest:
    words = _("You are in no team of this name.")
    return InvalidRequest(words, fields={field: words})
