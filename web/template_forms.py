"""The form in which people write templates and styles."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from django import forms
from django.conf import settings
from django.contrib.auth.models import Group
from django.http import QueryDict
from django.utils.translation import gettext_lazy as _

from access.callers import Caller
from generation.errors import InvalidRequest
from prompts.models import Category, Template
from prompts.templates import own
from prompts.templates.rendering import TemplateVersion
from web.recipe_form import reading_language

__all__ = ["TemplateForm", "lines_of"]

SLASH = re.compile(r"\s*[/／]\s*")
LINE = re.compile(r"(?P<name>\w+)\s*(?:[(（](?P<label>[^)）]*)[)）])?\s*(?:[:：]\s*(?P<words>.*))?")
KINDS = {"text": "text", "number": "number", "image": "image", "文字": "text", "数字": "number", "图片": "image"}


class TemplateForm(forms.Form):
    """A template as people write it. `variables` has a line for each variable that is not plain text."""

    name = forms.CharField(label=_("Name"), max_length=own.NAME_LONGEST)
    category = forms.ChoiceField(label=_("Category"), choices=Category.choices)
    language = forms.ChoiceField(label=_("Language"), choices=settings.LANGUAGES)
    text = forms.CharField(
        label=_("Text"),
        widget=forms.Textarea(attrs={"rows": 5}),
        help_text=_("Variables in braces: {title}. A part in [square brackets] is left out while a variable in it is empty."),
    )
    variables = forms.CharField(
        label=_("Kinds of the variables"),
        required=False,
        widget=forms.Textarea(attrs={"rows": 3, "spellcheck": "false"}),
        help_text=_("A line for each that is not plain text: “rooms: number”, “mood (Mood): calm / festive”, “photo: image”."),
    )
    negative_text = forms.CharField(label=_("Negative prompt"), required=False, widget=forms.Textarea(attrs={"rows": 2}))
    team = forms.ModelChoiceField(Group.objects.none(), label=_("Share with"), required=False, empty_label=_("Nobody"))

    def __init__(self, data: QueryDict | None, *, by: Caller, initial: dict[str, Any]) -> None:
        super().__init__(data, initial=initial, label_suffix="")
        if by.teams:
            self.fields["team"].queryset = Group.objects.filter(pk__in=by.teams).order_by("name")  # type: ignore[attr-defined]
        else:
            del self.fields["team"]

    def declared(self, before: Sequence[dict[str, Any]] = ()) -> list[dict[str, Any]]:
        """Return the variables; those that were there before keep their labels and defaults."""
        known = {one["name"]: one for one in before}
        found = {}
        for line in filter(None, map(str.strip, self.cleaned_data["variables"].splitlines())):
            part = LINE.fullmatch(line)
            name, label, words = (part["name"], part["label"] or "", part["words"] or "text") if part else (line, "", "text")
            kind = KINDS.get(words, "choice")
            choices = [one for one in SLASH.split(words) if one] if kind == "choice" else []
            kept = known.get(name, {})
            if kept.get("default") and kind == "choice" and kept["default"] not in choices:
                kept = kept | {"default": ""}
            found[name] = kept | {"name": name, "label": label, "kind": kind, "choices": choices}
        plain = {name: one for name, one in known.items() if one["kind"] == "text" and f"{{{name}}}" in self.cleaned_data["text"]}
        return list((plain | found).values())

    def show(self, wrong: InvalidRequest) -> None:
        """Put each error at its field."""
        for path, message in wrong.fields.items():
            field, _dot, name = path.partition(".")
            self.add_error(field if field in self.fields else None, f"{name}: {message}" if name else message)


def lines_of(row: Template | TemplateVersion) -> str:
    """Return the variables that are not plain text or have a label, as the form has them."""
    variables = own.value_of(row).variables if isinstance(row, Template) else row.variables
    kinds = {kind: word for word, kind in KINDS.items() if word.isascii() is (reading_language() == "en")}
    return "\n".join(
        f"{one.name}{f' ({one.label})' if one.label else ''}: {' / '.join(one.choices) or kinds[one.kind]}"
        for one in variables
        if one.kind != "text" or one.label
    )
