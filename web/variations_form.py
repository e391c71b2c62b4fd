"""What the videos of the Studio's form vary in: styles, further models, and whether they are drafts. It is sent beside the form."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy

from access.callers import Caller
from batches.variations import Wanted
from generation.errors import NotThere
from prompts.instructions import language_of
from prompts.models import Category, Template
from prompts.signed import unpack
from prompts.styles import STYLES
from prompts.templates.own import find_style
from providers.models import ProviderAccount
from providers.vendors import find_model
from web.forms import VARIED, ComposeForm
from web.presenters.variations import model_choices
from web.recipe_form import MOST_LISTED, reading_language

__all__ = ["FinishForm", "VariationsForm"]


class VariationsForm(forms.Form):
    """Nothing is chosen in it for an order as usual. `styles` are ids, `models` names."""

    styles = forms.MultipleChoiceField(label=gettext_lazy("Styles"), required=False, widget=forms.CheckboxSelectMultiple)
    models = forms.MultipleChoiceField(label=gettext_lazy("Also on these models"), required=False, widget=forms.CheckboxSelectMultiple)
    drafts = forms.BooleanField(label=gettext_lazy("Drafts first"), required=False)

    def __init__(
        self,
        data: Mapping[str, Any] | None = None,
        *,
        caller: Caller,
        accounts: Sequence[ProviderAccount],
        initial: Mapping[str, Any] | None = None,
    ) -> None:
        super().__init__(data, prefix=VARIED, initial=dict(initial or {}), label_suffix="")
        self.caller = caller
        own = Template.objects.filter(category=Category.STYLE, is_current=True).first_for(caller, MOST_LISTED)
        language = reading_language()
        choices = {
            "styles": [*((str(row.line), row.name) for row in own), *((one.id, one.name[language]) for one in STYLES.values())],
            "models": model_choices(accounts),
        }
        for name, values in choices.items():
            self.fields[name].choices = values  # type: ignore[attr-defined]
        help_text = gettext_lazy(
            "Rendered with each model's cheapest settings. Pick the best, then finish it with the settings above or on a better model."
        )
        self.fields["drafts"].help_text = help_text

    @property
    def is_used(self) -> bool:
        """Return whether anything is chosen, so that the order is a set."""
        return any(self[name].value() for name in self.fields)

    def wanted(self, form: ComposeForm) -> Wanted:
        """Return what this and the Studio's form ask for. Both have been validated; what could not be read is left out."""
        data, prompt = self.cleaned_data, str(form.data.get("prompt", ""))
        specs = [form.spec, *(spec for name in data.get("models", []) if (spec := find_model(name)) and spec is not form.spec)]
        styles = []
        for style_id in data.get("styles", []):
            try:
                styles.append(find_style(self.caller, style_id))
            except NotThere:  # deleted since the list was made
                self.add_error("styles", gettext_lazy("This style is no longer there. Choose again."))
        return Wanted(
            prompt=prompt,
            models=specs,
            styles=styles,
            takes=form.cleaned_data.get("count") or 1,
            params=form.params,
            inputs=form.pictures,
            drafts=data.get("drafts", False),
            source=form.spec,
            language=language_of(prompt),
            made_from=unpack(form.cleaned_data.get("made_from", ""), prompt),
        )


class FinishForm(ComposeForm):
    """The settings with which a draft is finished: the main ones of a model, without its seed, which stays the draft's."""

    key = count = made_from = None  # type: ignore[assignment]

    def clean(self) -> dict[str, Any]:
        """Leave the check to the plan, which knows prompt and images."""
        return self.cleaned_data

    @property
    def offered(self) -> list[str]:
        """Return the names of the settings that can be changed."""
        return [name for name in self.front if name != "seed"]

    @property
    def changed(self) -> dict[str, Any]:
        """Return the settings that could be read."""
        return {name: self.cleaned_data[name] for name in self.offered if name in self.cleaned_data}
