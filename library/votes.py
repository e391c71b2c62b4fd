"""Blind votes: two videos of one prompt by different models, whose names are shown afterwards. They say how often a model is preferred."""

from __future__ import annotations

import secrets
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from itertools import combinations
from math import sqrt
from uuid import UUID

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from access.callers import Caller
from database import clock
from generation.errors import Conflict, InvalidRequest
from generation.models import Video
from library.models import Vote

__all__ = ["Score", "cast", "next_pair", "scores", "vote_of"]

LOOKED_AT = 300
"""The newest videos among which a pair is looked for."""
Z = 1.96
"""Standard deviations on each side of 95 % of a normal distribution."""


@dataclass(frozen=True, kw_only=True)
class Score:
    """How a model did in votes between it and others; a tie is half a win. 95 % of such samples have the true share between `low` and
    `high` (Wilson).
    """

    votes: int
    share: float
    low: float
    high: float


def cast(one: Video, other: Video, winner: Video | None, *, by: Caller) -> Vote:
    """Store which of the two this person prefers; None: neither. Raises `InvalidRequest` unless both are of one prompt, and `Conflict` if
    this person has already voted otherwise on them.
    """
    if one == other or one.task.prompt.text != other.task.prompt.text or not one.task.prompt.text:
        words = _("Choose two videos of the same prompt.")
        raise InvalidRequest(words, fields={"videos": words})
    if winner not in {None, one, other}:
        words = _("Choose one of the two videos, or neither.")
        raise InvalidRequest(words, fields={"winner": words})
    first, second = sorted((one, other), key=lambda video: video.pk)
    try:
        with transaction.atomic():
            return Vote.objects.create(voter=by.user, first=first, second=second, winner=winner)
    except IntegrityError:
        stored = Vote.objects.get(voter=by.user, first=first, second=second)
    if stored.winner_id != (winner.pk if winner else None):
        raise Conflict(_("You have already voted on these two."), code="voted")
    return stored


def vote_of(by: Caller, one: UUID, other: UUID) -> Vote | None:
    """Return this person's vote on the two."""
    first, second = sorted((one, other))
    return Vote.objects.filter(voter=by.user, first=first, second=second).first()


def next_pair(by: Caller) -> tuple[Video, Video] | None:
    """Return two of the newest videos that this person sees, of one prompt and two models, on which they have not voted; any of such pairs,
    in any order.
    """
    newest = Video.objects.kept().filter(playable=True).select_related("task__prompt").first_for(by, LOOKED_AT)
    of_prompt: dict[str, list[Video]] = defaultdict(list)
    for video in newest:
        of_prompt[video.task.prompt.text].append(video)
    of_prompt.pop("", None)
    votes = Vote.objects.filter(voter=by.user, first__in=[video.pk for videos in of_prompt.values() for video in videos])
    voted = set(votes.order_by().values_list("first", "second"))
    pairs = [
        pair
        for videos in of_prompt.values()
        for pair in combinations(sorted(videos, key=lambda video: video.pk), 2)
        if pair[0].model != pair[1].model and (pair[0].pk, pair[1].pk) not in voted
    ]
    if not pairs:
        return None
    one, other = secrets.choice(pairs)
    return (one, other) if secrets.randbelow(2) else (other, one)


def scores(days: int) -> Mapping[str, Score]:
    """Return how the models did in the votes of these days between different models."""
    won: dict[str, float] = defaultdict(float)
    votes: dict[str, int] = defaultdict(int)
    cast_since = Vote.objects.filter(at__gte=clock.now() - timedelta(days=days))
    for first, second, winner in cast_since.values_list("first__model", "second__model", "winner__model").iterator():
        if first == second:
            continue
        for model in (first, second):
            votes[model] += 1
            won[model] += 0.5 if winner is None else float(winner == model)
    return {model: _score(won[model], count) for model, count in votes.items()}


def _score(won: float, votes: int) -> Score:
    share = won / votes
    middle = (share + Z**2 / (2 * votes)) / (1 + Z**2 / votes)
    half = Z * sqrt(share * (1 - share) / votes + Z**2 / (4 * votes**2)) / (1 + Z**2 / votes)
    return Score(votes=votes, share=share, low=max(0.0, middle - half), high=min(1.0, middle + half))
