"""Finds the values of an option that are nearest to what a client sent. Pure; an option is its part of the model's JSON Schema."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from typing import Any

__all__ = ["choices_of", "is_same", "nearest", "number"]

NUMBER = re.compile(r"\s*(-?\d{1,18}(?:\.\d{1,18})?)\s*s?\s*", re.ASCII)
MOST_VALUES = 64
YES, NO = frozenset({"true", "1", "yes", "on"}), frozenset({"false", "0", "no", "off"})


def number(value: Any) -> float | None:
    """Return the number that a client sent, also as text: `5`, `"5"`, `"5s"`; None for anything else."""
    if isinstance(value, bool) or value is None:
        return None
    if isinstance(value, (int, float)):
        return value if math.isfinite(value) else None
    found = NUMBER.fullmatch(value) if isinstance(value, str) else None
    if found is None:
        return None
    read = float(found[1])
    return int(read) if read.is_integer() else read


def choices_of(option: Mapping[str, Any]) -> list[Any]:
    """Return the values of an option in its order: its choices, or the whole numbers of a small range. Empty for other options."""
    part = _typed(option)
    if "enum" in part:
        return list(part["enum"])
    if "const" in part:
        return [part["const"]]
    if part.get("type") == "boolean":
        return [True, False]
    low, high = part.get("minimum"), part.get("maximum")
    if part.get("type") == "integer" and low is not None and high is not None:
        values = range(int(low), int(high) + 1, int(part.get("multipleOf", 1)))
        return list(values) if len(values) <= MOST_VALUES else []
    return []


def nearest(value: Any, option: Mapping[str, Any], *, folds: bool = False) -> list[Any]:
    """Return values of the option, the nearest first; empty if none is like what was sent. `folds`: a number outside the bounds is taken
    modulo their width, so that different seeds stay different.
    """
    part, sent = _typed(option), number(value)
    kind, choices = part.get("type"), choices_of(option)
    if kind == "boolean":
        return _yes_or_no(value)
    if choices:
        same = [one for one in choices if str(one).casefold() == str(value).strip().casefold()]
        numbers = [one for one in choices if number(one) is not None]
        near: list[Any] = sorted(numbers, key=lambda one: abs(number(one) - sent)) if sent is not None else []  # type: ignore[operator]
        return list(dict.fromkeys([*same, *near]))
    if kind in {"integer", "number"}:
        return [] if sent is None else [_within(sent, part, folds=folds)]
    if kind == "string":
        return [str(value)[: part.get("maxLength")]] if isinstance(value, (str, int, float)) else []
    return [value]


def is_same(sent: Any, used: Any) -> bool:
    """Return whether what a client sent means this value of an option."""
    if isinstance(used, bool):
        return _yes_or_no(sent) == [used]
    if number(sent) is not None and number(used) is not None:
        return number(sent) == number(used)
    return str(sent).strip().casefold() == str(used).casefold()


def _typed(option: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return the part of the schema that is not null."""
    parts: Sequence[Mapping[str, Any]] = option.get("anyOf", [option])
    return next((part for part in parts if part.get("type") != "null"), option)


def _yes_or_no(value: Any) -> list[Any]:
    word = str(value).strip().casefold()
    return [True] if word in YES else [False] if word in NO else []


def _within(sent: float, part: Mapping[str, Any], *, folds: bool) -> float:
    low, high = part.get("minimum", -math.inf), part.get("maximum", math.inf)
    if folds and not low <= sent <= high and math.isfinite(high - low):
        sent = low + (sent - low) % (high - low + 1)
    sent = min(max(sent, low), high)
    if part["type"] == "number":
        return sent
    step = int(part.get("multipleOf", 1))
    whole = math.floor(sent / step + 0.5) * step
    return int(whole - step if whole > high else whole + step if whole < low else whole)
