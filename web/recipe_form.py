"""The form of what a prompt is made from: a template with its variables, a style, a platform. It is shared by two pages."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import get_language, gettext_lazy
from django.utils.translation import gettext as _

from access.callers import Caller
from generation.errors import InvalidRequest, NotThere
from generation.models import Asset
from prompts.making import Made, make_again
from prompts.models import Category, Template
from prompts.platforms import PLATFORMS
from prompts.styles import STYLES
from prompts.templates import own
from prompts.templates.built_in import BUILT_IN
from prompts.templates.rendering import TemplateVersion, Variable
from providers.core.catalog import ModelSpec

__all__ = ["MOST_LISTED", "RecipeForm", "reading_language"]

NOTHING = Made(text="")

MOST_LISTED = 100
"""How many own templates and styles a page lists; the API lists all."""


def reading_language() -> str:
    """Return the language of the request, as templates have it."""
    return "zh-hans" if (get_language() or "").startswith("zh") else "en"


class RecipeForm(forms.Form):
    """What a prompt is made from. `found` is the template, `image` the variable that is an image; the values of variables are `v-NAME`.

    On a template's own page, it is `fixed`. Without data the variables have their defaults.
    """

    template = forms.ChoiceField(label=gettext_lazy("Template"), required=False)
    style = forms.ChoiceField(label=gettext_lazy("Style"), required=False)
    platform = forms.ChoiceField(label=gettext_lazy("Platform"), required=False)
    quality = forms.BooleanField(label=gettext_lazy("Quality words"), required=False)

    def __init__(
        self,
        data: Mapping[str, Any] | None = None,
        *,
        caller: Caller,
        fixed: TemplateVersion | None = None,
        prefix: str = "",
        initial: dict[str, Any] | None = None,
    ) -> None:
        super().__init__(data, prefix=prefix, initial=initial or {}, label_suffix="")
        self.caller, self.language = caller, reading_language()
        self.found = fixed or self._chosen()
        rows = list(Template.objects.filter(is_current=True).first_for(caller, MOST_LISTED))
        self.fields["style"].choices = [("", _("None")), *self._styles(rows)]  # type: ignore[attr-defined]
        named = [(one.id, f"{one.name[self.language]} · {one.ratio}") for one in PLATFORMS.values()]
        self.fields["platform"].choices = [("", _("None")), *named]  # type: ignore[attr-defined]
        if fixed:
            self.fields["template"] = forms.CharField(required=False, widget=forms.HiddenInput(), initial=fixed.id)
        else:
            self.fields["template"].choices = [("", _("None")), *self._templates(rows)]  # type: ignore[attr-defined]
        variables = self.found.variables if self.found else ()
        self.image = next((one for one in variables if one.kind == "image"), None)
        self.fields |= {f"v-{one.name}": _field_of(one) for one in variables}
        self.order_fields(["template", *(f"v-{one.name}" for one in variables)])

    def made(self, spec: ModelSpec, prompt: str = "", before: Made = NOTHING, slots: Collection[str] = ()) -> Made | None:
        """Return the prompt, with what the person typed, which was made as `before`; `slots` have images already. None where a value does
        not fit, which is then said at its field.
        """
        if not self.is_valid():
            return None
        data = self.cleaned_data
        try:
            return make_again(
                prompt,
                before,
                language=self.language,
                template=self.found,
                values=self._values,
                style=own.find_style(self.caller, data["style"]) if data["style"] else None,
                platform=PLATFORMS.get(data["platform"]),
                quality=data["quality"],
                spec=spec,
                slots=slots,
            )
        except InvalidRequest as wrong:
            for path, message in wrong.fields.items():
                field = f"v-{path.partition('.')[2]}"
                self.add_error(field if field in self.fields else None, message)
        except NotThere as error:
            self.add_error("style", error.message)
        return None

    def clean(self) -> dict[str, Any]:
        """See that the image is one of the caller's."""
        name = f"v-{self.image.name}" if self.image else ""
        if given := self.cleaned_data.get(name):
            try:
                known = Asset.objects.one_for(self.caller, given)
            except ValidationError:
                known = None
            if known is None:
                self.add_error(name, _("This image is no longer available. Choose it again."))
        return self.cleaned_data

    @property
    def variables(self) -> list[forms.BoundField]:
        """Return the fields of the variables that are not images."""
        image = f"v-{self.image.name}" if self.image else ""
        return [self[name] for name in self.fields if name.startswith("v-") and name != image]

    @property
    def _values(self) -> dict[str, Any]:
        return {name[2:]: value for name, value in self.cleaned_data.items() if name.startswith("v-") and value}

    @property
    def is_open(self) -> bool:
        """Return whether anything is chosen."""
        return any(self[name].value() for name in ("template", "style", "platform", "quality"))

    def _chosen(self) -> TemplateVersion | None:
        chosen = self["template"].value()
        try:
            return own.find(self.caller, chosen, self.language) if chosen else None
        except NotThere:
            return None

    def _templates(self, rows: list[Template]) -> list[tuple[str, list[tuple[str, str]]]]:
        mine = [(str(row.line), row.name) for row in rows if row.category != Category.STYLE]
        if self.found and self.found.id not in {one for one, _name in mine}:  # older than those that are listed
            mine += [(self.found.id, self.found.name)] if (self.found.id, self.language) not in BUILT_IN else []
        groups = [(_("Yours and your team's"), mine)] if mine else []
        for category, label in Category.choices:
            here = [one for one in BUILT_IN.values() if (one.category, one.language) == (category, self.language)]
            groups += [(str(label), [(one.id, one.name) for one in here])] if here else []
        return groups

    def _styles(self, rows: list[Template]) -> list[tuple[str, str]]:
        mine = [(str(row.line), row.name) for row in rows if row.category == Category.STYLE]
        return [*mine, *((one.id, one.name[self.language]) for one in STYLES.values())]


def _field_of(variable: Variable) -> forms.Field:
    label = variable.label or variable.name
    if variable.kind == "image":
        return forms.CharField(label=label, required=False, widget=forms.HiddenInput())
    if variable.kind == "choice":
        first = [] if variable.default else [("", "–")]
        choices = [*first, *((one, one) for one in variable.choices)]
        return forms.ChoiceField(label=label, choices=choices, initial=variable.default, required=False)
    hints = {"placeholder": variable.example} | ({"inputmode": "decimal"} if variable.kind == "number" else {})
    return forms.CharField(label=label, initial=variable.default, required=False, widget=forms.TextInput(attrs=hints))
