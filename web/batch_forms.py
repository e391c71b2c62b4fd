"""The forms of batches: a file with what applies to all rows, what its columns are, and when its videos start."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from batches.actions import HIGHEST, LOWEST
from batches.mapping import own_columns
from batches.models import Batch
from batches.recipes import variables_of
from generation.models import Asset
from providers.core.catalog import ModelSpec
from providers.vendors import ALL_MODELS, find_model
from web.forms import ComposeForm
from web.param_text import properties_of
from web.presenters.words import model_label
from web.recipe_form import RecipeForm

__all__ = ["RECIPE", "ColumnsForm", "DefaultsForm", "TurnForm", "UploadForm", "defaults_shown"]

EMPTY: Sequence[Any] = (None, "", [])
VARIABLE = re.compile(r"\w{1,100}")
UUID_LIKE = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
OF_ORDERS = (
    ("prompt", gettext_lazy("Prompt")),
    ("model", gettext_lazy("Model")),
    ("content_id", gettext_lazy("Content id")),
    ("external_id", gettext_lazy("External id (only once)")),
    ("template", gettext_lazy("Template")),
    ("style", gettext_lazy("Style")),
    ("platform", gettext_lazy("Platform")),
    ("enhance", gettext_lazy("Enhance the prompt: yes or no")),
)
RECIPE = ("template", "style", "platform", "enhance")
PRIORITIES = (
    (LOWEST, gettext_lazy("After all my other orders")),
    (-1, gettext_lazy("After single orders (default)")),
    (0, gettext_lazy("Like single orders")),
    (HIGHEST, gettext_lazy("Before all my other orders")),
)


class DefaultsForm(ComposeForm):
    """What applies where a row says nothing: the Studio's form of a model, without what makes it an order."""

    key = count = made_from = None  # type: ignore[assignment]
    recipe_template = forms.ChoiceField(
        label=gettext_lazy("Template"),
        required=False,
        help_text=gettext_lazy(
            "Columns fill its variables: those with the same name automatically, others as you choose after the upload."
        ),
    )
    recipe_style = forms.ChoiceField(label=gettext_lazy("Style"), required=False)
    recipe_platform = forms.ChoiceField(label=gettext_lazy("Platform"), required=False)
    recipe_enhance = forms.BooleanField(
        label=gettext_lazy("Let a language model enhance each prompt"),
        required=False,
        help_text=gettext_lazy("Takes a few seconds for each row. The original is kept, and used if it fails."),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        offered = RecipeForm(caller=self.caller).fields
        for name in ("template", "style", "platform"):
            self.fields[f"recipe_{name}"].choices = offered[name].choices  # type: ignore[attr-defined]
        self.fields["prompt"].label = _("Prompt for rows without one")
        self.fields["prompt"].help_text = _("Names of columns in braces are filled in from each row: a video about %(column)s.") % {
            "column": f"{{{_('name')}}}"
        }
        self.fields["prompt"].widget.attrs["placeholder"] = _("May stay empty if a column has the prompts.")

    def clean(self) -> dict[str, Any]:
        """Check each setting; rows may change any of them, so orders are checked with their rows."""
        self.take_in()
        return self.cleaned_data

    def defaults(self) -> dict[str, Any]:
        """Return what applies to all rows. Values that are the model's own defaults are left out, so a row with another model gets that
        model's.
        """
        own = properties_of(self.spec.params)
        params = {name: value for name, value in self.params.items() if value not in EMPTY and value != own[name].get("default")}
        inputs = {slot: [str(asset.pk) for asset in assets] for slot, assets in self.pictures.items() if assets}
        recipe = {name: value for name in RECIPE if (value := self.cleaned_data[f"recipe_{name}"])}
        return {"model": self.spec.name, "prompt": self.cleaned_data["prompt"].strip(), "params": params, "inputs": inputs, **recipe}


class UploadForm(DefaultsForm):
    """A file of rows, the images that they name, and what applies to all of them."""

    file = forms.FileField(
        label=gettext_lazy("Table"),
        help_text=gettext_lazy(
            "CSV, XLSX or JSON Lines, at most 10,000 rows and 20 MB, or a ZIP of one of them and its images. The first row names the "
            "columns."
        ),
        widget=forms.FileInput(attrs={"accept": ".csv,.tsv,.txt,.xlsx,.jsonl,.ndjson,.zip"}),
    )
    archive = forms.FileField(
        label=gettext_lazy("Images"),
        required=False,
        help_text=gettext_lazy("A ZIP, if rows name images by file name. Addresses (https://…) in the table need no ZIP."),
        widget=forms.FileInput(attrs={"accept": ".zip"}),
    )
    name = forms.CharField(
        label=gettext_lazy("Name"), required=False, max_length=200, help_text=gettext_lazy("Leave empty to use the file name.")
    )


def defaults_shown(batch: Batch, spec: ModelSpec) -> dict[str, Any]:
    """Return the arguments of a form that shows what applies to all rows of the batch, for a model that need not be its own."""
    defaults = batch.defaults
    initial = {name: value for name, value in defaults.get("params", {}).items() if name in spec.params.model_fields}
    wanted = {slot: ids for slot, ids in defaults.get("inputs", {}).items() if spec.slot(slot)}
    ids = [pk for one in wanted.values() for pk in one if UUID_LIKE.fullmatch(pk)]
    assets = {str(asset.pk): asset for asset in Asset.objects.filter(pk__in=ids, owner=batch.owner_id)}
    pictures = {slot: [assets[pk] for pk in ids if pk in assets] for slot, ids in wanted.items()}
    recipe = {f"recipe_{name}": defaults[name] for name in RECIPE if name in defaults}
    return {"initial": {"prompt": defaults.get("prompt", ""), **initial, **recipe}, "pictures": pictures}


class ColumnsForm(forms.Form):
    """What each column of the file is. The fields are called c0, c1, ... in the order of the columns."""

    def __init__(self, batch: Batch, data: Any = None) -> None:
        super().__init__(data, label_suffix="")
        self.heading = own_columns(batch.heading)
        spec, variables = find_model(batch.defaults.get("model", "")), variables_of(batch)
        for number, name in enumerate(self.heading):
            target = batch.mapping.get(name, "")
            field = forms.ChoiceField(label=name, choices=_meanings(name, target, spec, variables), required=False, initial=target)
            self.fields[f"c{number}"] = field

    def mapping(self) -> dict[str, str]:
        """Return the meaning of each column."""
        return {name: self.cleaned_data[f"c{number}"] for number, name in enumerate(self.heading)}

    def show(self, wrong: Mapping[str, str]) -> None:
        """Put each refusal at its column."""
        for number, name in enumerate(self.heading):
            if words := wrong.get(f"mapping.{name[:60]}"):
                self.add_error(f"c{number}", words)


def _meanings(name: str, target: str, spec: ModelSpec | None, variables: Sequence[str]) -> list[Any]:
    """Return the choices for a column; what it is now is always among them."""
    specs = [spec] if spec else list(ALL_MODELS.values())
    params = {f"params.{key}": _(one["title"]) for each in specs for key, one in properties_of(each.params).items()}
    slots = {f"inputs.{slot.name}": _(slot.title) for each in specs for slot in each.slots}
    named = dict.fromkeys([*variables, *([name] if VARIABLE.fullmatch(name) else [])])
    others: dict[str, Any] = {f"variables.{one}": _("{%(name)s} in the prompt") % {"name": one} for one in named}
    others[f"metadata.{name[:100]}"] = _("Metadata, kept with the video")
    groups: dict[str, dict[str, Any]] = {
        _("Order"): dict(OF_ORDERS),
        (_("Settings of %(model)s") % {"model": model_label(spec.name)} if spec else _("Settings")): params,
        _("Images"): slots,
        _("Other"): others,
    }
    known = {key for group in groups.values() for key in group}
    if target and target not in known:
        others[target] = target
    return [("", _("Ignored")), *((label, list(group.items())) for label, group in groups.items() if group)]


class TurnForm(forms.Form):
    """When the videos of a batch start, and when they are needed."""

    priority = forms.TypedChoiceField(label=gettext_lazy("Starts"), coerce=int, required=False)
    needed_by = forms.DateTimeField(
        label=gettext_lazy("Needed by"),
        required=False,
        help_text=gettext_lazy(
            "Models that also render offline do so, at a lower price, if the vendor gives up before then: usually after two days."
        ),
        widget=forms.DateTimeInput(attrs={"type": "datetime-local"}, format="%Y-%m-%dT%H:%M"),
    )

    def __init__(self, batch: Batch, data: Any = None) -> None:
        super().__init__(data, label_suffix="", initial={"priority": batch.priority, "needed_by": batch.needed_by})
        named = dict(PRIORITIES)
        extra = [] if batch.priority in named else [(batch.priority, str(batch.priority))]
        self.fields["priority"].choices = [*PRIORITIES, *extra]  # type: ignore[attr-defined]
        if batch.state != "checked":
            del self.fields["needed_by"]
