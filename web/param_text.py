"""A model's options as text: the words of a choice, and lists with one item per line. The parts of an item come in their order; the last
takes the rest of the line.

Nothing is checked here: what cannot be read stays text, and the model's own check names the item.
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
"""No option takes longer numbers, and Python refuses to read thousands of digits."""


def properties_of(params: type[Params]) -> dict[str, dict[str, Any]]:
    """Return the JSON Schema of each option by name. The caller must not change it."""
    return dict(schema_of(params)["properties"])


def choice_label(value: Any, unit: str = "") -> str:
    """Return the words of a choice: 5 -> 5 s, "std" -> Standard, "" -> None."""
    if value == "":
        return pgettext("setting", "None")
    if isinstance(value, str):
        return _(CHOICE_WORDS[value]) if value in CHOICE_WORDS else value
    if unit == "s":
        return _("%(n)s s") % {"n": value}
    return f"{value} {unit}" if unit else str(value)


def parts_of_item(schema: Schema) -> dict[str, Schema]:
    """Return the parts of a list's items by name; none if an item is plain text."""
    return dict(schema["items"].get("properties", {}))


def items_from_text(text: str, schema: Schema) -> list[Any]:
    """Return a list from text with one item per line; skip empty lines."""
    parts = parts_of_item(schema)
    lines = (line.strip() for line in text.splitlines())
    return [_item(line, parts) if parts else line for line in lines if line]


def _item(line: str, parts: Mapping[str, Schema]) -> dict[str, Any]:
    item: dict[str, Any] = {}
    for (name, part), word in zip(parts.items(), line.split(None, len(parts) - 1), strict=False):
        is_number = part.get("type") == "integer" and word.isdecimal() and len(word) <= MOST_DIGITS
        item[name] = int(word) if is_number else word
    return item


def text_of_items(items: Iterable[Any], schema: Schema) -> str:
    """Return a list as lines of text."""
    parts, lines = parts_of_item(schema), []
    for item in items:
        values = [item.get(name, "") for name in parts] if parts and isinstance(item, Mapping) else [item]
        lines.append(" ".join(" ".join(str(value).split()) for value in values))
    return "\n".join(lines)
