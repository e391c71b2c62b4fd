"""Rules between the options of a model, and between its options and images: declared as values, checked by `Params`."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

__all__ = ["FRAMES_OR_REFERENCES", "FRAME_GIVES_SHAPE", "LAST_NEEDS_FIRST", "SLOT", "Rule"]

SLOT = "inputs."
"""Before the name of a slot, where options are named too."""


@dataclass(frozen=True, kw_only=True)
class Rule:
    """Something that a model refuses, and the sentence that says so.

    `at` is what is refused: an option, or a slot (`inputs.last_frame`). `of` names what `broken` is given, in this order: the values of
    options, and how many images slots hold. A rule between options alone is checked when `at` is validated, so `at` is the last of them
    in the form; it says nothing where another of them was refused: one mistake is reported once.
    """

    at: str
    of: tuple[str, ...]
    broken: Callable[..., Any]
    message: str

    @property
    def reads_images(self) -> bool:
        return any(name.startswith(SLOT) for name in self.of)


LAST_NEEDS_FIRST = Rule(
    at="inputs.first_frame",
    of=("inputs.last_frame", "inputs.first_frame"),
    broken=lambda last, first: last and not first,
    message="A last frame needs a first frame.",
)
FRAMES_OR_REFERENCES = Rule(
    at="inputs.references",
    of=("inputs.first_frame", "inputs.last_frame", "inputs.references"),
    broken=lambda first, last, references: (first or last) and references,
    message="Reference images and frames exclude each other.",
)
FRAME_GIVES_SHAPE = Rule(
    at="aspect_ratio",
    of=("inputs.first_frame", "inputs.last_frame", "aspect_ratio"),
    broken=lambda first, last, shape: (first or last) and shape != "16:9",
    message="With an image the video takes the image's shape; leave the aspect ratio at 16:9.",
)
