"""A task's stored params as people read them: titles, units and words from the model's own declaration."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from generation.models import GenerationTask
from web.param_text import choice_label, properties_of, text_of_items
from web.presenters.facts import Fact

__all__ = ["setting_rows", "settings_line"]

IN_LINE = ("resolution", "mode", "duration_s", "aspect_ratio", "with_audio")


def _value_words(value: Any, schema: dict[str, Any]) -> str:
    """Return a stored value in words."""
    if value is None:
        return _("Random") if schema.get("title") == "Seed" else pgettext("setting", "None")
    if isinstance(value, bool):
        return pgettext("setting", "On") if value else pgettext("setting", "Off")
    if isinstance(value, list) and "items" in schema:
        return text_of_items(value, schema) or pgettext("setting", "None")
    if isinstance(value, str) and "enum" not in schema and "const" not in schema:
        return value or pgettext("setting", "None")
    return choice_label(value, schema.get("unit", ""))


def setting_rows(task: GenerationTask) -> list[Fact]:
    """Return rows for key_values.html. Params that the catalog no longer has keep their name."""
    properties = properties_of(task.spec.params) if task.spec else {}
    rows = []
    for name, value in task.params.items():
        schema = properties.get(name, {})
        label, is_seed = _(schema["title"]) if "title" in schema else name, name == "seed" and value is not None
        rows.append(Fact(label=label, value=_value_words(value, schema), mono=is_seed, copy_text=str(value) if is_seed else ""))
    return rows


def settings_line(task: GenerationTask) -> list[str]:
    """Return the few settings by which takes differ: 720P, 5 s, 16:9."""
    if task.spec is None:
        return []
    properties = properties_of(task.spec.params)
    chosen = {name: task.params[name] for name in IN_LINE if task.params.get(name)}
    return [_("with sound") if value is True else _value_words(value, properties.get(name, {})) for name, value in chosen.items()]
