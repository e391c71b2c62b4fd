"""What a person does about a task in review: adopt the render that the vendor's console shows, or send again knowing what it costs."""

from __future__ import annotations

from collections.abc import Callable

from django.contrib.auth.models import User

from access.callers import Caller
from generation.actions import decide
from generation.lifecycle import RESTING, Status
from generation.models import GenerationTask
from providers.simulator.testing import SimulatorProcess

__all__ = ["decide_by_hand"]

Until = Callable[[Callable[[], bool]], None]


def decide_by_hand(simulator: SimulatorProcess, until: Until, *, adopt: int, again: int) -> tuple[str, list[str]]:
    """Decide some tasks in each way, with the vendor's ids from the ledger. Return a summary, and what the promise forbids."""
    console = {entry["prompt"]: entry["task_id"] for entry in simulator.ledger()["entries"]}
    ends = GenerationTask.objects.filter(status=Status.NEEDS_REVIEW).exclude(prompt__text__contains="#fault:never")
    waiting = list(ends.filter(prompt__text__in=console).select_related("prompt", "account").order_by("id")[: adopt + again])
    person = User.objects.create_superuser("decides")
    to_adopt, to_send = waiting[:adopt], waiting[adopt:]
    for task in to_adopt:
        decide.adopt(task, console[task.prompt.text], by=Caller(user=person))
    for task in to_send:
        decide.submit_again(task, by=Caller(user=person), knows_cost=True)
    decided = GenerationTask.objects.filter(pk__in=[task.pk for task in waiting])
    until(lambda: not decided.exclude(status__in=RESTING).exists())

    paid = simulator.ledger(entries=False)["by_prompt"]
    stored = {task.pk: task.submission_id for task in decided.filter(status=Status.SUCCEEDED, videos__isnull=False)}
    adopted = [task for task in to_adopt if stored.get(task.pk) == console[task.prompt.text] and paid[task.prompt.text] == 1]
    sent = [task for task in to_send if stored.get(task.pk, "") != console[task.prompt.text] and paid[task.prompt.text] == 2]
    summary = f"{len(adopted)} of {adopt} adopted by the vendor's id and stored, nothing more paid"
    summary += f"; {len(sent)} of {again} sent again and stored, one more paid each"
    return summary, [summary] if (len(adopted), len(sent)) != (adopt, again) else []
