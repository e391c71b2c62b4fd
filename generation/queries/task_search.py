"""Finds tasks by what a person types: an id of any kind, or words of the prompt. Read only, two queries."""

from __future__ import annotations

from uuid import UUID

from django.db.models import Q

from access.callers import Caller
from generation.models import GenerationTask
from providers.models import ProviderAccount

__all__ = ["SEARCHED_MOST", "found_by"]

SEARCHED_MOST = 2_000
"""In how many of the newest tasks words are looked for: no index has them, and the library finds older videos."""
SAME_ID_MOST = 200


def found_by(words: str, caller: Caller, *, mine: bool) -> Q:
    """Return the condition for the tasks that the caller sees, or owns (`mine`), of this id: the task's, the vendor's, a content id or one
    of the caller's external ids. If there are none, for those among their newest whose prompts have all of these words.
    """
    tasks = GenerationTask.objects.order_by()
    kinds = [
        Q(content_id=words),
        Q(owner=caller.user, external_id=words),
        Q(account__in=ProviderAccount.objects.values("pk"), submission_id=words),  # with the account, an index has it
    ]
    if (pk := _uuid(words)) is not None:
        kinds += [Q(pk=pk), Q(batch_id=pk)]
    found = [tasks.filter(pk__in=tasks.filter(kind).values("pk")[:SAME_ID_MOST]).values_list("pk", flat=True) for kind in kinds]
    if same := list(found[0].union(*found[1:], all=True)):
        return Q(pk__in=same) & GenerationTask.objects.all().shown_among(caller, mine=mine)
    every = GenerationTask.objects.all()
    newest = every.filter(owner=caller.user).order_by("-pk")[:SEARCHED_MOST] if mine else every.first_for(caller, SEARCHED_MOST)
    have = Q(pk__in=newest.values("pk"))
    for word in words.split():
        have &= Q(prompt__text__icontains=word)
    return have


def _uuid(words: str) -> UUID | None:
    try:
        return UUID(words)
    except ValueError:
        return None
