"""With which team a task is shared, and the form that changes it."""

from __future__ import annotations

from dataclasses import dataclass

from django.urls import reverse

from access.callers import Caller
from access.rights import may
from generation.models import GenerationTask

__all__ = ["Sharing", "sharing_of"]


@dataclass(frozen=True, kw_only=True, slots=True)
class Sharing:
    """Everything of tasks/_team.html. `team` has it now, or is empty; `choices` are the teams to choose among by id, `post_url` is empty
    for who may not change it.
    """

    team: str
    chosen: int | None
    choices: dict[int, str]
    post_url: str


def sharing_of(task: GenerationTask, caller: Caller) -> Sharing | None:
    """Return the panel, or None where there is nothing to say. Select the task's `team`."""
    choices = dict(caller.teams) if may(caller, "share", task) else {}
    team = task.team.name if task.team else ""
    may_change = bool(choices) or (bool(team) and may(caller, "act", task))
    if not team and not may_change:
        return None
    now = {task.team.pk: team} if task.team else {}
    return Sharing(
        team=team,
        chosen=task.team_id,
        choices=now | choices,
        post_url=reverse("task-share", args=[task.pk]) if may_change else "",
    )
