"""A model's options as text: the words of a choice, and lists, one item per line. An item of several parts has them in their order, the
last takes the rest.

What an item must be is not decided here: what cannot be read stays text, and the model's own check names the item.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from providers.core.catalog import Params, schema_of
from web.catalog_strings import CHOICE_WORDS

__all__ = ["choice_label", "items_from_text", "parts_of_item", "properties_of", "text_of_items"]

Schema = Mapping[str, Any]
MOST_DIGITS = 20
"""Longer ones are no number of ours, and Python reads none of thousands."""


def properties_of(params: type[Params]) -> dict[str, dict[str, Any]]:
    """Name -> JSON Schema of each option. Not to be changed."""
    return dict(schema_of(params)["properties"])


def choice_label(value: Any, unit: str = "") -> str:
    """One choice of an option: 5 -> 5 s, "std" -> Standard, "" -> None."""
    if value == "":
        return pgettext("setting", "None")
    if isinstance(value, str):
        return _(CHOICE_WORDS[value]) if value in CHOICE_WORDS else value
    if unit == "s":
        return _("%(n)s s") % {"n": value}
    return f"{value} {unit}" if unit else str(value)


def parts_of_item(schema: Schema) -> dict[str, Schema]:
    """The parts of each item of a list, by name; none where an item is a plain text."""
    return dict(schema["items"].get("properties", {}))


def items_from_text(text: str, schema: Schema) -> list[Any]:
    """The list that the lines say; empty ones are passed over."""
    parts = parts_of_item(schema)
    lines = (line.strip() for line in text.splitlines())
    return [_item(line, parts) for line in lines if line]


def _item(line: str, parts: Mapping[str, Schema]) -> Any:
    if not parts:
        return line
    words = line.split(None, len(parts) - 1)
    return {name: _value(word, part) for (name, part), word in zip(parts.items(), words, strict=False)}


def _value(word: str, part: Schema) -> Any:
    is_number = part.get("type") == "integer" and word.isdecimal() and len(word) <= MOST_DIGITS
    return int(word) if is_number else word


def text_of_items(items: Iterable[Any], schema: Schema) -> str:
    """The lines that say this list."""
    parts = parts_of_item(schema)
    return "\n".join(_line(item, parts) for item in items)


def _line(item: Any, parts: Mapping[str, Schema]) -> str:
    values = [item.get(name, "") for name in parts] if parts and isinstance(item, Mapping) else [item]
    return " ".join(" ".join(str(value).split()) for value in values)
