"""The form field for an account's own names of models: one `model = name` on each line, where its surface takes them."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from django import forms
from django.contrib.admin.widgets import AdminTextareaWidget
from django.utils.translation import gettext as _

from providers.core.base import Provider, Surface

__all__ = ["NamesField"]

NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._:/-]{0,127}")


class NamesField(forms.Field):
    """Turns lines into names, and names into lines."""

    widget = AdminTextareaWidget

    def __init__(self, *, provider_class: type[Provider], surface: Surface, **facts: Any) -> None:
        super().__init__(required=False, **facts)
        self.provider_class, self.surface = provider_class, surface
        self.widget.attrs |= {"rows": 3, "spellcheck": "false", "autocapitalize": "off"}

    def prepare_value(self, value: Any) -> Any:
        return "\n".join(f"{model} = {name}" for model, name in value.items()) if isinstance(value, Mapping) else value

    def to_python(self, value: Any) -> dict[str, str]:
        """Return names by model. Raise ValidationError with a sentence for each wrong line."""
        names: dict[str, str] = {}
        wrong = []
        for number, line in enumerate(str(value or "").splitlines(), start=1):
            if not line.strip():
                continue
            model, equals, name = (part.strip() for part in line.partition("="))
            model = model.removeprefix(f"{self.provider_class.slug}/")
            if problem := self._problem(model if equals else None, name, names):
                wrong.append(_("Line %(number)d: %(problem)s") % {"number": number, "problem": problem})
            else:
                names[model] = name
        if wrong:
            raise forms.ValidationError(wrong)
        return names

    def _problem(self, model: str | None, name: str, names: Mapping[str, str]) -> str:
        """Return what is wrong with a line, given the names of the lines before it; empty when nothing is."""
        facts = {"model": model or "", "name": name, "models": ", ".join(self.provider_class.models)}
        if model is None:
            return _("write a model, an equals sign and its name.")
        if model not in self.provider_class.models:
            return _("there is no model “%(model)s”. The models are: %(models)s.") % facts
        if model in names:
            return _("“%(model)s” has a name already.") % facts
        if not name:
            return _("the name of “%(model)s” is missing.") % facts
        if not NAME.fullmatch(name):
            return _("“%(name)s” is not a valid name. Use letters, digits and . _ : / -, at most 128.") % facts
        theirs = {other: self.surface.names.get(other, other) for other in self.provider_class.models}
        if others := [other for table in (names, theirs) for other, one in table.items() if one == name and other != model]:
            return _("“%(name)s” is the name of another model, %(other)s.") % (facts | {"other": others[0]})
        return ""
