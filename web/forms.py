"""The Studio's form of each model. Errors of the model's checks appear at its fields.

No option is declared here: types, bounds, titles and units come from the JSON Schema of the model's Params. Only images are stored.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from typing import Any, BinaryIO, TypeVar, cast

from django import forms
from django.contrib.auth.models import Group, User
from django.core.files.uploadedfile import UploadedFile
from django.http import QueryDict
from django.utils.datastructures import MultiValueDict
from django.utils.text import capfirst
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from access.callers import Caller
from access.models import Preference
from generation.errors import InvalidRequest
from generation.models import Asset
from generation.ordering.assets import store_asset
from generation.ordering.first_values import MOST_VIDEOS
from generation.ordering.validate import check_request
from providers.core.catalog import InputSlot, ModelSpec
from web.param_text import choice_label, items_from_text, parts_of_item, properties_of, text_of_items

__all__ = ["PICKERS", "VARIED", "ComposeForm", "form_for", "form_with_settings", "is_wide"]

F = TypeVar("F", bound="ComposeForm")
SEGMENTS_MOST = 5
NUMBER_ERRORS = {
    "required": gettext_lazy("Write a number."),
    "invalid": gettext_lazy("Write a number, without other characters."),
    "min_value": gettext_lazy("Write %(limit_value)s or more."),
    "max_value": gettext_lazy("Write %(limit_value)s or less."),
    "step_size": gettext_lazy("Write a multiple of %(limit_value)s."),
}
ORDER = ("aspect_ratio", "resolution", "mode", "duration_s", "with_audio")
SPANS_ROW = 3
BESIDE = frozenset({"model", "settles", "collection", "csrfmiddlewaretoken"})
"""What a form sends in addition to its fields."""
VARIED = "vary"
"""The prefix of the fields of variations beside the Studio's form (`web/variations_form.py`)."""
PICKERS = "use"
"""The prefix of the template, style and platform that are chosen beside the form."""


class ItemsField(forms.CharField):
    """A list, one item per line. The model's own checks judge the items."""

    def __init__(self, schema: Mapping[str, Any]) -> None:
        example = "" if parts_of_item(schema) else text_of_items(schema["examples"][-1], schema)
        widget = forms.Textarea(attrs={"rows": 2, "placeholder": example, "spellcheck": "false"})
        super().__init__(required=False, widget=widget)
        self.schema = schema

    @property
    def how_to_write(self) -> str:
        parts = parts_of_item(self.schema).values()
        titles = [f"{_(part['title'])} ({part['unit']})" if part.get("unit") else _(part["title"]) for part in parts]
        words = {"n": self.schema["maxItems"], "parts": ", ".join(titles)}
        if not words["parts"]:
            return _("One per line, at most %(n)d.") % words
        return _("One per line, at most %(n)d: %(parts)s, with a space between.") % words

    def to_python(self, value: Any) -> list[Any]:  # type: ignore[override]
        return items_from_text(super().to_python(value) or "", self.schema)

    def prepare_value(self, value: Any) -> Any:
        """Show a stored list as lines; leave what was typed as it is."""
        return text_of_items(value, self.schema) if isinstance(value, (list, tuple)) else value


class ComposeForm(forms.Form):
    """The fields of every model's form. `form_for` adds the model's own settings."""

    spec: ModelSpec
    front: tuple[str, ...] = ()
    rest: tuple[str, ...] = ()

    key = forms.CharField(required=False, widget=forms.HiddenInput(attrs={"data-once": "", "autocomplete": "off"}))
    prompt = forms.CharField(required=False, strip=False, widget=forms.Textarea())
    made_from = forms.CharField(required=False, widget=forms.HiddenInput())
    count = forms.IntegerField(
        error_messages=NUMBER_ERRORS, min_value=1, max_value=MOST_VIDEOS, initial=1, widget=forms.NumberInput(attrs={"data-stepper": "1"})
    )

    def __init__(
        self,
        data: QueryDict | None = None,
        files: MultiValueDict[str, UploadedFile[Any]] | None = None,
        *,
        owner: User,
        pictures: Mapping[str, list[Asset]] | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(data, files, label_suffix="", **kwargs)
        self.owner, self.caller = owner, Caller(user=owner)
        self.pictures: dict[str, list[Asset]] = dict(pictures or {})
        self.slot_errors: defaultdict[str, list[str]] = defaultdict(list)
        self.fields["prompt"].label = _("Prompt")
        self.fields["prompt"].help_text = _prompt_hint(self.spec)
        self.fields["prompt"].widget.attrs["placeholder"] = _("What should the video show?")
        if "count" in self.fields:
            self.fields["count"].label = _("Videos")
            self.fields["count"].widget.attrs["aria-label"] = _("Videos")
        if self.caller.teams or self.data.get("team"):
            self.fields["team"] = self._team_field()

    @property
    def params(self) -> dict[str, Any]:
        """Return the settings that could be read, by name."""
        return {name: self.cleaned_data[name] for name in (*self.front, *self.rest) if name in self.cleaned_data}

    def _team_field(self) -> forms.Field:
        teams = Group.objects.filter(pk__in=self.caller.teams).order_by("name")
        field = forms.ModelChoiceField(teams, required=False, empty_label=_("Nobody"), label=_("Share with"))
        field.error_messages["invalid_choice"] = _("You are no longer in this team. Choose again.")
        if not self.is_bound:
            field.initial = (
                Preference.objects.filter(user=self.owner, default_team__in=teams).values_list("default_team", flat=True).first()
            )
        return field

    def clean(self) -> dict[str, Any]:
        """Check the order as a task is checked before it is stored."""
        self.take_in()
        try:
            check_request(model=self.spec.name, prompt=self.cleaned_data.get("prompt", ""), params=self.params, inputs=self.pictures)
        except InvalidRequest as wrong:
            self.show(wrong)
        return self.cleaned_data

    def take_in(self) -> None:
        """Store the images that were sent, and refuse settings that the model does not have."""
        for slot in self.spec.slots:  # uploaded ids first, then files that came with the form itself
            self.pictures[slot.name] = [*self._known(slot), *self._sent(slot)]
        self._refuse_unknown_settings()

    def _refuse_unknown_settings(self) -> None:
        """Name each setting that the model no longer has, which a page from yesterday may send; never drop it."""
        if self.data.get("model") != self.spec.name:  # the form of another model, which is refused as such
            return
        slots = {name for slot in self.spec.slots for name in (slot.name, f"{slot.name}_file")}
        beside = {*BESIDE, *(name for name in self.data if name.startswith((f"{VARIED}-", f"{PICKERS}-")))}
        for name in sorted({*self.data, *self.files} - {*self.fields, *slots, *beside}):
            words = _("This model has no setting “%(name)s”. Nothing was sent: check the form as it is now, and send it again.")
            self.add_error(None, words % {"name": name[:100]})

    def show(self, wrong: InvalidRequest) -> None:
        """Put each error at its field, or above the form if it has none."""
        placed = False
        for path, message in wrong.fields.items():
            kind, _dot, name = path.partition(".")
            placed = self._place(kind, name, capfirst(_(message))) or placed
        if not placed:
            self.add_error(None, wrong.message)

    def point_out(self, path: str, message: str) -> None:
        """Mark a field that needs a change, in a form that was not sent yet; the page opens with the cursor there."""
        assert not self.errors, "point out fields only in a form that was not sent"
        self.cleaned_data = {}
        kind, _dot, name = path.partition(".")
        if self._place(kind, name, message) and kind != "inputs":
            self.fields[name or kind].widget.attrs["autofocus"] = True

    def _place(self, kind: str, name: str, message: str) -> bool:
        field = name if kind == "params" else kind
        if kind == "inputs":
            self.slot_errors[name].append(message)
        elif field in self.fields:
            if field not in self.errors:
                self.add_error(field, message)
        else:
            return False
        return True

    def is_valid(self) -> bool:
        fields_are_good: bool = super().is_valid()
        return fields_are_good and not self.slot_errors

    def _known(self, slot: InputSlot) -> list[Asset]:
        ids = [value for value in cast("QueryDict", self.data).getlist(slot.name) if value]
        clean = forms.ModelMultipleChoiceField(Asset.objects.visible_to(self.caller), required=False)
        try:
            found = {str(asset.pk): asset for asset in clean.clean(ids)}
        except forms.ValidationError:
            self.slot_errors[slot.name].append(_("This image is no longer available. Choose it again."))
            return []
        return [found[value] for value in dict.fromkeys(ids)]

    def _sent(self, slot: InputSlot) -> list[Asset]:
        stored = []
        for file in self.files.getlist(f"{slot.name}_file"):
            try:
                stored.append(store_asset(owner=self.owner, file=cast("BinaryIO", file)))
            except InvalidRequest as wrong:
                self.slot_errors[slot.name].append(wrong.message)
        return stored

    def changed_rest(self) -> list[str]:
        """Return the titles of the settings under More settings that differ from the model's defaults."""
        titles = []
        for name in self.rest:
            field, value = self.fields[name], self[name].value()
            if str("" if value is None else value) != field.widget.attrs["data-default"]:
                titles.append(str(field.label))
        return titles


def _prompt_hint(spec: ModelSpec) -> str:
    """Say when the prompt may, or must, stay empty."""
    if option := spec.params.instead_of_prompt:
        return _("Leave it empty with “%(title)s”.") % {"title": _(spec.params.model_fields[option].title or option)}
    if spec.needs_prompt:
        return ""
    return _("May stay empty.") if spec.needed_params else _("May stay empty beside an image.")


def form_for(spec: ModelSpec) -> type[ComposeForm]:
    """Return the Studio's form class of a model, with texts in the language of the request that asks."""
    return form_with_settings(spec, ComposeForm)


def form_with_settings(spec: ModelSpec, base: type[F]) -> type[F]:
    """Return a form class that has the settings of a model, beside the fields of `base`."""
    properties = properties_of(spec.params)
    front = [name for name, schema in properties.items() if schema.get("main")]
    front.sort(key=lambda name: ORDER.index(name) if name in ORDER else len(ORDER))
    if "seed" in properties:
        front.append("seed")
    rest = [name for name in properties if name not in front]
    fields = {name: _field(name, properties[name], hint=name not in front) for name in (*front, *rest)}
    return type("ModelForm", (base,), {**fields, "spec": spec, "front": tuple(front), "rest": tuple(rest)})


def _field(name: str, schema: dict[str, Any], *, hint: bool) -> forms.Field:
    branches = [branch for branch in schema.get("anyOf", []) if branch.get("type") != "null"]
    is_optional = len(branches) == 1  # `int | None`: a number that may be left empty
    field = _make(name, {**schema, **branches[0], "optional": True} if is_optional else schema)
    field.label = _(schema.get("title", name))
    if description := schema.get("description"):
        field.help_text = _(description) if hint or isinstance(field, (forms.BooleanField, ItemsField)) else ""
    if isinstance(field, ItemsField):
        field.help_text = f"{field.help_text} {field.how_to_write}".strip()
    field.initial = schema.get("default")
    shown = field.prepare_value(field.initial)
    field.widget.attrs["data-default"] = str("" if shown is None else shown)
    if "unit" in schema and not isinstance(field, forms.ChoiceField):
        field.widget.attrs["data-unit"] = schema["unit"]
    return field


def _make(name: str, schema: dict[str, Any]) -> forms.Field:
    if "enum" in schema or "const" in schema:
        return _choice(schema)
    match schema.get("type"):
        case "array":
            return ItemsField(schema)
        case "boolean":
            return forms.BooleanField(required=False)
        case "integer" | "number" as kind:
            return _number(name, kind, schema)
        case "string":
            widget = forms.Textarea(attrs={"rows": 2})
            return forms.CharField(
                required=False,
                empty_value=schema.get("default") or "",
                max_length=schema.get("maxLength"),
                widget=widget,
                error_messages={"max_length": gettext_lazy("At most %(limit_value)d characters; this has %(show_value)d.")},
            )
    return forms.JSONField(required=False, initial=schema.get("default"), widget=forms.Textarea(attrs={"rows": 2, "class": "mono"}))


def _choice(schema: dict[str, Any]) -> forms.Field:
    values = schema.get("enum") or [schema["const"]]
    by_text = {str(value): value for value in values}
    few = len(values) <= SEGMENTS_MOST
    return forms.TypedChoiceField(
        choices=[(str(value), choice_label(value, schema.get("unit", ""))) for value in values],
        coerce=lambda text: by_text[text],
        error_messages={"invalid_choice": gettext_lazy("“%(value)s” is not offered here. Choose one of the values shown.")},
        empty_value=by_text.get("", schema.get("default")),
        required=False,
        widget=forms.RadioSelect() if few else forms.Select(),
    )


def _number(name: str, kind: str, schema: dict[str, Any]) -> forms.Field:
    required, low, high = not schema.get("optional"), schema.get("minimum"), schema.get("maximum")
    if kind == "number":
        widget = forms.NumberInput(attrs={"step": "any"})
        return forms.FloatField(required=required, widget=widget, min_value=low, max_value=high, error_messages=NUMBER_ERRORS)
    if name == "seed":
        attrs = {"data-dice": "1", "data-icon": "dice", "inputmode": "numeric", "placeholder": _("Random"), "class": "num"}
        text = forms.TextInput(attrs=attrs)
        return forms.IntegerField(required=False, widget=text, min_value=low, max_value=high, error_messages=NUMBER_ERRORS)
    widget = forms.NumberInput(attrs={"data-stepper": "1"} if low is not None and high is not None else {})
    step = schema.get("multipleOf")
    return forms.IntegerField(required=required, widget=widget, min_value=low, max_value=high, step_size=step, error_messages=NUMBER_ERRORS)


def is_wide(field: forms.Field) -> bool:
    """Return whether the control needs the whole row."""
    is_row_of_choices = isinstance(field.widget, forms.RadioSelect) and len(list(field.widget.choices)) >= SPANS_ROW
    return is_row_of_choices or isinstance(field, ItemsField)
