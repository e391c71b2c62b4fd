"""Earlier renders like an order that is about to be placed: "you have this already"."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from django.db.models.functions import Substr

from access.callers import Caller
from generation.lifecycle import Status
from generation.models import GenerationTask, Video
from generation.ordering.accounts import is_billed
from generation.ordering.fingerprint import fingerprint
from generation.ordering.validate import Inputs
from providers.core.catalog import ModelSpec
from providers.models import ProviderAccount

__all__ = ["Similar", "likeness", "similar_to"]

SHOWN_MOST = 3
LOOKED_AT = 300
"""How many of the caller's newest videos of the model are compared."""
COMPARED_CHARS = 1_000
ALIKE = 0.8
WORD = re.compile(r"[^\W_\u3400-\u9fff]+|[\u3400-\u9fff]")


@dataclass(frozen=True, kw_only=True)
class Similar:
    """A stored video, and how like its prompt is, from 0.8 to 1. `is_same`: model, options, prompt and images are equal."""

    video: Video
    likeness: float
    is_same: bool


def similar_to(
    caller: Caller,
    spec: ModelSpec,
    params: Mapping[str, Any],
    prompt: str,
    inputs: Inputs,
    *,
    accounts: Collection[ProviderAccount],
    only: str = "",
) -> list[Similar]:
    """Return at most three kept videos, the most similar first: those of an equal order, among all that the caller sees; then own ones with
    the same options but the seed, the same images, and a prompt of nearly the same words. Videos of a sandbox are left out if the order
    would be billed.
    """
    if not prompt.strip() and not any(inputs.values()):
        return []
    videos = Video.objects.kept().filter(task__account__sandbox=not is_billed(spec, accounts, only))
    equal = GenerationTask.objects.filter(fingerprint=fingerprint(spec.name, params, prompt, inputs), status=Status.SUCCEEDED)
    same = videos.filter(videos.shown_among(caller), task__in=equal.exclude(fingerprint=""))
    found = [Similar(video=video, likeness=1.0, is_same=True) for video in same.select_related("task__prompt").order_by("-pk")[:SHOWN_MOST]]
    if len(found) == SHOWN_MOST:
        return found
    lately = videos.filter(owner=caller.user, model=spec.name).order_by("-pk")[:LOOKED_AT]
    columns = ("pk", "task__params", "task__inputs_given", "words")
    options, images = _options(params), {slot: [str(asset.pk) for asset in assets] for slot, assets in inputs.items() if assets}
    likest = {
        pk: likeness(prompt[:COMPARED_CHARS], words)
        for pk, theirs, given, words in lately.annotate(words=Substr("task__prompt__text", 1, COMPARED_CHARS)).values_list(*columns)
        if given == images and _options(theirs) == options
    }
    for one in found:
        likest.pop(one.video.pk, None)
    best = sorted(likest, key=lambda pk: (likest[pk], pk), reverse=True)[: SHOWN_MOST - len(found)]
    rows = Video.objects.select_related("task__prompt").in_bulk([pk for pk in best if likest[pk] >= ALIKE])
    return found + [Similar(video=rows[pk], likeness=likest[pk], is_same=False) for pk in best if pk in rows]


def likeness(one: str, two: str) -> float:
    """Return how many words, and pairs of neighbours, two texts share, from 0 to 1 (Dice). Case, punctuation and spaces do not count; in
    Chinese, each character is a word.
    """
    first, second = _parts(one), _parts(two)
    return 2 * len(first & second) / (len(first) + len(second)) if first or second else 1.0


def _parts(text: str) -> set[str | tuple[str, str]]:
    words = WORD.findall(unicodedata.normalize("NFKC", text).casefold())
    return {*words, *pairwise(words)}


def _options(params: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in params.items() if value is not None and name != "seed"}
