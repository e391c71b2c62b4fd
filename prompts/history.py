"""What the vendors refused before, from the tasks that a caller may see."""

from __future__ import annotations

from collections import Counter

from access.callers import Caller
from generation.lifecycle import Status
from generation.models import GenerationTask
from prompts.lint import NO_HISTORY, Refusals
from prompts.words import words_of
from providers.core.catalog import ModelSpec, vendor_of

__all__ = ["refusals_of"]

REFUSED = "content_rejected"
LOOKED_AT = 1_000
"""The newest tasks that are read."""
OFTEN = 2
"""In so many different prompts a word was refused before it counts."""
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
