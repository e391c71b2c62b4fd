"""What a person ordered before: their prompts, and what vendors refused."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from uuid import UUID

from django.contrib.auth.models import User
from django.db.models import Exists, OuterRef

from access.callers import Caller
from generation.lifecycle import Status
from generation.models import GenerationTask, Prompt, Video
from prompts.lint import NO_HISTORY, Refusals
from prompts.words import words_of
from providers.core.catalog import ModelSpec, vendor_of

__all__ = ["Earlier", "earlier_prompts", "refusals_of"]

REFUSED = "content_rejected"
LOOKED_AT = 1_000
"""The newest tasks that are read."""
OFTEN = 2
"""In so many different prompts a word was refused before it counts."""
MOST_WORDS = 8
MOST_TASKS = 400
"""How many tasks are read for the prompts of one page."""
ENOUGH = 10
"""Among fewer accepted prompts, harmless words would seem to be the reason."""


def refusals_of(caller: Caller, spec: ModelSpec) -> Refusals:
    """Return the prompts that the vendor's safety check refused, and the words that no accepted prompt had."""
    rows = GenerationTask.objects.first_for(caller, LOOKED_AT).values_list("model", "status", "error_code", "prompt__text")
    of_vendor = [row for row in rows if vendor_of(row[0]) == spec.provider]
    refused = {text.strip() for _model, status, code, text in of_vendor if (status, code) == (Status.FAILED, REFUSED)}
    passed = {text.strip() for _model, status, _code, text in of_vendor if status == Status.SUCCEEDED}
    refused -= passed | {""}
    if not refused:
        return NO_HISTORY
    counts = Counter(word for text in refused for word in words_of(text))
    harmless = {word for text in passed for word in words_of(text)}
    often = frozenset(word for word, count in counts.items() if count >= OFTEN and word not in harmless)
    return Refusals(texts=frozenset(refused), words=often if len(passed) >= ENOUGH else frozenset())


@dataclass(frozen=True, kw_only=True)
class Earlier:
    """A prompt that somebody used, and the newest task of it; one with a video if there is any."""

    prompt: Prompt
    text: str
    task: GenerationTask | None
    video: Video | None


def earlier_prompts(owner: User, *, words: str = "", before: UUID | None = None, most: int = 20) -> tuple[list[Earlier], UUID | None]:
    """Return the person's own prompts, each text once and newest first, that have all of these words, and the id after which the next ones
    follow, if there are more. If variations added the words of a style to a prompt, its text is what the person wrote.
    """
    mine = Prompt.objects.filter(owner=owner).exclude(text="")
    newer = Prompt.objects.filter(owner=owner, digest=OuterRef("digest"), id__gt=OuterRef("id"))
    rows = mine.filter(~Exists(newer))
    for word in words.split()[:MOST_WORDS]:
        rows = rows.filter(text__icontains=word)
    if before is not None:
        rows = rows.filter(id__lt=before)
    found = list(rows.order_by("-id")[: most + 1])
    shown = found[:most]
    tasks: dict[UUID, GenerationTask] = {}
    for task in GenerationTask.objects.filter(prompt__in=shown).order_by("-id").prefetch_related("videos")[:MOST_TASKS]:
        known = tasks.setdefault(task.prompt_id, task)
        if not known.kept_videos() and task.kept_videos():
            tasks[task.prompt_id] = task
    earlier: dict[str, Earlier] = {}
    for prompt in shown:
        task_of = tasks.get(prompt.pk)
        text = prompt.made_from["original"] if prompt.made_from.keys() == {"original", "style"} else prompt.text
        videos = task_of.kept_videos() if task_of else []
        earlier.setdefault(text, Earlier(prompt=prompt, text=text, task=task_of, video=videos[0] if videos else None))
    return list(earlier.values()), shown[-1].pk if len(found) > most else None
