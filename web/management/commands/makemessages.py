"""Collects texts for translation, also the vendors' texts: providers do not import Django, so no text in their code is marked."""

from __future__ import annotations

import json
from typing import Any

from django.conf import settings
from django.core.management.commands import makemessages

from providers.core.addresses import NOT_PUBLIC
from providers.vendors import ALL_MODELS, PROVIDERS

__all__ = ["Command", "vendor_texts"]


def vendor_texts() -> set[str]:
    """Return every text of the catalogs that people read: labels, titles, hints and rules."""
    texts = {NOT_PUBLIC}
    for spec in ALL_MODELS.built_in.values():
        texts |= {slot.title for slot in spec.slots} | {rule.message for rule in spec.params.rules}
        texts.update(part for part in spec.label.split(", ")[1:] if not part[0].isdigit())  # before the comma is a name, and stays
        for schema in spec.json_schema()["properties"].values():
            texts |= {schema["title"], schema.get("description", "")}
            texts.update(part["title"] for part in schema.get("items", {}).get("properties", {}).values())
    for provider in PROVIDERS.values():
        texts.add(provider.label)
        for surface in provider.surfaces.values():
            texts |= {surface.label, surface.help}
            texts.update(words for field in surface.credentials for words in (field.label, field.help))
    return texts - {""}


class Command(makemessages.Command):
    """Django's command, with a temporary module that marks the vendors' texts."""

    def handle(self, *args: Any, **options: Any) -> None:
        marks = settings.BASE_DIR / "web/vendor_texts.py"
        calls = [f"gettext_noop({json.dumps(text, ensure_ascii=False)})\n" for text in sorted(vendor_texts())]
        marks.write_text("".join(["from django.utils.translation import gettext_noop\n\n", *calls]), encoding="utf-8")
        try:
            super().handle(*args, **options)
        finally:
            marks.unlink()
