"""Which field of the form a vendor's refusal names, so that "Edit and retry" begins there."""

from __future__ import annotations

import re
from collections.abc import Iterator

from generation.models import GenerationTask
from providers.core.catalog import ModelSpec

__all__ = ["REFUSALS", "refused_field"]

REFUSALS = frozenset({"invalid_params", "content_rejected", "refused"})
"""Errors about the request, not about the account."""
UNIT = re.compile(r"_(s|px|bytes)$")


def refused_field(task: GenerationTask, spec: ModelSpec) -> str:
    """Return `prompt`, `params.<name>` or `inputs.<slot>`; empty if the vendor's text names none of the model's fields."""
    if task.error_code not in REFUSALS:
        return ""
    words = f"{task.vendor_code} {task.error_message}".lower()
    spelled = sorted(_spellings(spec), key=lambda pair: len(pair[0]), reverse=True)  # negative_prompt before prompt
    for spelling, path in spelled:
        if re.search(rf"(?<![a-z]){re.escape(spelling)}(?![a-z])", words):
            return path
    only_words = task.error_code == "content_rejected" and not task.inputs.all()
    return "prompt" if only_words else ""


def _spellings(spec: ModelSpec) -> Iterator[tuple[str, str]]:
    """Yield the ways in which a vendor may write each field, in lower case, with the field's path."""
    names = {name: f"params.{name}" for name in spec.params.model_fields}
    names |= {slot.name: f"inputs.{slot.name}" for slot in spec.slots} | {"prompt": "prompt"}
    for name, path in names.items():
        for word in {name, UNIT.sub("", name)}:
            yield from ((word, path), (word.replace("_", " "), path), (word.replace("_", ""), path))
    if spec.slots:
        yield "image", f"inputs.{spec.slots[0].name}"
