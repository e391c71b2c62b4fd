"""Collects texts for translation, the vendors' among them: providers know no Django, so nothing in their code marks a text."""

from __future__ import annotations

import json
from typing import Any

from django.conf import settings
from django.core.management.commands import makemessages

from providers.core.addresses import NOT_PUBLIC
from providers.core.catalog import ModelSpec
from providers.vendors import ALL_MODELS, PROVIDERS

__all__ = ["Command", "vendor_texts"]


def vendor_texts() -> set[str]:
    """Return every text of the catalogs that people read: labels, titles, hints and rules."""
    texts = {NOT_PUBLIC}.union(*(_texts_of(spec) for spec in ALL_MODELS.values()))
    texts.update(provider.label for provider in PROVIDERS.values() if "(" in provider.label)  # others are only a name
    for provider in PROVIDERS.values():
        for surface in provider.surfaces.values():
            texts |= {surface.label, surface.help}
            texts.update(words for field in surface.credentials for words in (field.label, field.help))
    return texts - {""}


def _texts_of(spec: ModelSpec) -> set[str]:
    texts = {slot.title for slot in spec.slots} | {rule.message for rule in spec.params.rules}
    texts.update(part for part in spec.label.split(", ")[1:] if not part[0].isdigit())  # what is before the comma is a name, and stays
    for schema in spec.json_schema()["properties"].values():
        texts |= {schema["title"], schema.get("description", "")}
        texts.update(part["title"] for part in schema.get("items", {}).get("properties", {}).values())
    return texts


class Command(makemessages.Command):
    """Django's, with a module that marks the vendors' texts for as long as it runs."""

    def handle(self, *args: Any, **options: Any) -> None:
        marks = settings.BASE_DIR / "web/vendor_texts.py"
        calls = [f"gettext_noop({json.dumps(text, ensure_ascii=False)})\n" for text in sorted(vendor_texts())]
        marks.write_text("".join(["from django.utils.translation import gettext_noop\n\n", *calls]), encoding="utf-8")
        try:
            super().handle(*args, **options)
        finally:
            marks.unlink()
