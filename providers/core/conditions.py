"""Conditions of a price: a model's options and the values at which it holds, as one line: `resolution=1080p, service_tier=flex`."""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping
from typing import Any

from providers.core.catalog import ModelSpec

__all__ = ["UnusableCondition", "choices_of", "conditions_for", "conditions_read", "conditions_written"]


class UnusableCondition(ValueError):
    """A condition that this model never fulfils. `part` is the text in question; `choices` is what may be there, empty for another form."""

    def __init__(self, part: str, choices: tuple[str, ...] = (), *, option: str = "") -> None:
        super().__init__(part)
        self.part, self.choices, self.option = part, choices, option


def choices_of(spec: ModelSpec) -> dict[str, tuple[str, ...]]:
    """Return the options that a price may depend on, each with its values as text. Of a list: whether anything is in it."""
    found = {name: _values(schema) for name, schema in spec.json_schema()["properties"].items()}
    return {name: values for name, values in found.items() if len(values) > 1}


def conditions_read(text: str) -> dict[str, str]:
    """Return the conditions of a stored text."""
    parts = (part.partition("=") for part in text.split(",") if part.strip())
    return {name.strip(): value.strip() for name, _equals, value in parts}


def conditions_written(when: Mapping[str, str]) -> str:
    """Return the one text of these conditions."""
    return ", ".join(f"{name}={when[name]}" for name in sorted(when))


def conditions_for(spec: ModelSpec, typed: str) -> dict[str, str]:
    """Return the conditions that a person typed, in the model's own spelling. Raise `UnusableCondition`."""
    offered, found = choices_of(spec), {}
    for part in unicodedata.normalize("NFKC", typed).replace(";", ",").replace("、", ",").split(","):
        if not part.strip():
            continue
        name, equals, value = (piece.strip() for piece in part.partition("="))
        if not equals or name in found:
            raise UnusableCondition(part.strip())
        if name not in offered:
            raise UnusableCondition(name, tuple(offered))
        same = [choice for choice in offered[name] if choice.casefold() == value.casefold()]
        if not same:
            raise UnusableCondition(value, offered[name], option=name)
        found[name] = same[0]
    return found


def _values(schema: Mapping[str, Any]) -> tuple[str, ...]:
    if schema.get("type") in {"boolean", "array"}:
        return ("true", "false")
    if schema.get("type") == "integer" and {"minimum", "maximum"} <= schema.keys():
        return tuple(map(str, range(schema["minimum"], schema["maximum"] + 1))) if schema["maximum"] - schema["minimum"] < 100 else ()
    return tuple(map(str, schema.get("enum", ())))
