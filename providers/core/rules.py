"""Rules between the options of a model, and between its options and images: declared as values, checked by `Params`."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from inspect import signature
from typing import Any

__all__ = ["FRAMES_OR_REFERENCES", "FRAME_GIVES_SHAPE", "LAST_NEEDS_FIRST", "Rule"]


@dataclass(frozen=True)
class Rule:
    """A combination that a model refuses, and the sentence that says so.

    `at` is what is refused: an option, or a slot (`inputs.last_frame`). `broken` is called with the options and slots that its parameters
    are named after: an option's value, or how many images a slot holds. A rule between options alone is checked when `at` is validated,
    so `at` is the last of them in the form; it says nothing where another of them was refused: one mistake is reported once.
    """

    at: str
    message: str
    broken: Callable[..., Any]

    @cached_property
    def names(self) -> tuple[str, ...]:
        """Return the options and slots that the rule reads."""
        return tuple(signature(self.broken).parameters)


LAST_NEEDS_FIRST = Rule(
    "inputs.first_frame", "A last frame needs a first frame.", lambda last_frame, first_frame: last_frame and not first_frame
)
FRAMES_OR_REFERENCES = Rule(
    "inputs.references",
    "Reference images and frames exclude each other.",
    lambda first_frame, last_frame, references: (first_frame or last_frame) and references,
)
FRAME_GIVES_SHAPE = Rule(
    "aspect_ratio",
    "With an image the video takes the image's shape; leave the aspect ratio at 16:9.",
    lambda first_frame, last_frame, aspect_ratio: (first_frame or last_frame) and aspect_ratio != "16:9",
)
