"""`form_for(spec)`: the Studio's form, made from a model's declaration. Errors of its checks land on its fields.

No option is declared here: types, bounds, titles and units come from the JSON Schema of the model's Params. Nothing is stored but images.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django import forms
from django.contrib.auth.models import User
from django.core.files.uploadedfile import UploadedFile
from django.http import QueryDict
from django.utils.datastructures import MultiValueDict
from django.utils.text import capfirst
from django.utils.translation import gettext as _

from access.callers import Caller
from generation.errors import InvalidRequest
from generation.models import Asset
from generation.ordering.assets import store_asset
from generation.ordering.studio_form import MOST_VIDEOS
from generation.ordering.validate import check_request
from providers.core.catalog import InputSlot, ModelSpec
from web.param_text import choice_label, items_from_text, parts_of_item, properties_of, text_of_items

__all__ = ["ComposeForm", "form_for", "is_wide"]

SEGMENTS_MOST = 5
ORDER = ("aspect_ratio", "resolution", "mode", "duration_s", "with_audio")
SPANS_ROW = 3
BESIDE = frozenset({"model", "csrfmiddlewaretoken"})
"""What a form sends beside its fields."""


class ItemsField(forms.CharField):
    """A list, one item per line. The model's own check judges the items."""

    def __init__(self, schema: Mapping[str, Any]) -> None:
        example = "" if parts_of_item(schema) else text_of_items(schema["examples"][-1], schema)
        widget = forms.Textarea(attrs={"rows": 2, "placeholder": example, "spellcheck": "false"})
        super().__init__(required=False, widget=widget)
        self.schema = schema

    @property
    def how_to_write(self) -> str:
        words = {"n": self.schema["maxItems"], "parts": ", ".join(_part(part) for part in parts_of_item(self.schema).values())}
        if not words["parts"]:
            return _("One per line, at most %(n)d.") % words
        return _("One per line, at most %(n)d: %(parts)s, with a space between.") % words

    def to_python(self, value: Any) -> list[Any]:  # type: ignore[override]
        return items_from_text(super().to_python(value) or "", self.schema)

    def prepare_value(self, value: Any) -> Any:
        """What a task stores is shown as lines; what was typed stays as it is."""
        return text_of_items(value, self.schema) if isinstance(value, (list, tuple)) else value


def _part(schema: Mapping[str, Any]) -> str:
    title = _(schema["title"])
    return f"{title} ({schema['unit']})" if schema.get("unit") else title


class ComposeForm(forms.Form):
    """What every model's form has. `form_for` adds the model's own settings."""

    spec: ModelSpec
    front: tuple[str, ...] = ()
    rest: tuple[str, ...] = ()

    key = forms.CharField(required=False, widget=forms.HiddenInput(attrs={"data-once": "", "autocomplete": "off"}))
    prompt = forms.CharField(required=False, strip=False, widget=forms.Textarea())
    count = forms.IntegerField(min_value=1, max_value=MOST_VIDEOS, initial=1, widget=forms.NumberInput(attrs={"data-stepper": "1"}))

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
        self.owner = owner
        self.pictures: dict[str, list[Asset]] = dict(pictures or {})
        self.slot_errors: dict[str, list[str]] = {}
        self.fields["prompt"].label = _("Prompt")
        self.fields["prompt"].help_text = _prompt_hint(self.spec)
        self.fields["prompt"].widget.attrs["placeholder"] = _("What should the video show?")
        self.fields["count"].label = _("Videos")
        self.fields["count"].widget.attrs["aria-label"] = _("Videos")

    @property
    def params(self) -> dict[str, Any]:
        """The settings that were understood, under their names."""
        return {name: self.cleaned_data[name] for name in (*self.front, *self.rest) if name in self.cleaned_data}

    def clean(self) -> dict[str, Any]:
        """The model's own checks, in the same service that stores tasks."""
        self._take_pictures()
        self._refuse_strangers()
        try:
            check_request(model=self.spec.name, prompt=self.cleaned_data.get("prompt", ""), params=self.params, inputs=self.pictures)
        except InvalidRequest as wrong:
            self.show(wrong)
        return self.cleaned_data

    def _refuse_strangers(self) -> None:
        """A page from yesterday may have settings that the model has no more: named, not dropped."""
        if self.data.get("model") != self.spec.name:  # the form of another model, which is refused as such
            return
        slots = {name for slot in self.spec.slots for name in (slot.name, f"{slot.name}_file")}
        for name in sorted({*self.data, *self.files} - {*self.fields, *slots, *BESIDE}):
            words = _("This model has no setting “%(name)s”. Nothing was sent: check the form as it is now, and send it again.")
            self.add_error(None, words % {"name": name[:100]})

    def show(self, wrong: InvalidRequest) -> None:
        """Put each complaint where its field is; what has no place stands above the form."""
        placed = False
        for path, message in wrong.fields.items():
            kind, _dot, name = path.partition(".")
            placed = self._place(kind, name, capfirst(_(message))) or placed
        if not placed:
            self.add_error(None, wrong.message)

    def point_out(self, path: str, message: str) -> None:
        """On a form that is only opened: this field needs a change. The page opens with the cursor there."""
        assert not self.errors, "a form that was sent has errors of its own"
        self.cleaned_data = {}
        kind, _dot, name = path.partition(".")
        if self._place(kind, name, message) and kind != "inputs":
            self.fields[name or kind].widget.attrs["autofocus"] = True

    def _place(self, kind: str, name: str, message: str) -> bool:
        field = name if kind == "params" else kind
        if kind == "inputs":
            self.slot_errors.setdefault(name, []).append(message)
        elif field in self.fields:
            if field not in self.errors:
                self.add_error(field, message)
        else:
            return False
        return True

    def is_valid(self) -> bool:
        fields_are_good: bool = super().is_valid()
        return fields_are_good and not self.slot_errors

    def _take_pictures(self) -> None:
        """Uploaded ids first, then files that came with the form itself."""
        for slot in self.spec.slots:
            self.pictures[slot.name] = [*self._known(slot), *self._sent(slot)]

    def _known(self, slot: InputSlot) -> list[Asset]:
        ids = [value for value in _values(self.data, slot.name) if value]
        clean = forms.ModelMultipleChoiceField(Asset.objects.visible_to(Caller(user=self.owner)), required=False)
        try:
            found = {str(asset.pk): asset for asset in clean.clean(ids)}
        except forms.ValidationError:
            self.slot_errors.setdefault(slot.name, []).append(_("This image is no longer available. Choose it again."))
            return []
        return [found[value] for value in dict.fromkeys(ids)]

    def _sent(self, slot: InputSlot) -> list[Asset]:
        stored = []
        for file in _values(self.files, f"{slot.name}_file"):
            try:
                stored.append(store_asset(owner=self.owner, file=file))
            except InvalidRequest as wrong:
                self.slot_errors.setdefault(slot.name, []).append(wrong.message)
        return stored

    def changed_rest(self) -> list[str]:
        """Titles of the settings behind More settings that are not as the model has them by itself."""
        return [str(self.fields[name].label) for name in self.rest if not _is_default(self[name].value(), self.fields[name])]


def _prompt_hint(spec: ModelSpec) -> str:
    """When the prompt may, or must, stay empty."""
    if option := spec.params.instead_of_prompt:
        return _("Leave it empty with “%(title)s”.") % {"title": _(spec.params.model_fields[option].title or option)}
    return "" if spec.needs_prompt else _("May stay empty beside an image.")


def _values(source: Any, name: str) -> list[Any]:
    return source.getlist(name) if hasattr(source, "getlist") else []


def _is_default(value: Any, field: forms.Field) -> bool:
    default = field.widget.attrs.get("data-default", "")
    shown: str = str("" if value is None else value)
    return shown == str(default)


def form_for(spec: ModelSpec) -> type[ComposeForm]:
    """The form class of one model. Texts are in the language of the request that asks."""
    properties = properties_of(spec.params)
    front = [name for name, schema in properties.items() if schema.get("main")]
    front.sort(key=lambda name: ORDER.index(name) if name in ORDER else len(ORDER))
    if "seed" in properties:
        front.append("seed")
    rest = [name for name in properties if name not in front]
    fields = {name: _field(name, properties[name], hint=name not in front) for name in (*front, *rest)}
    return type("ModelForm", (ComposeForm,), {**fields, "spec": spec, "front": tuple(front), "rest": tuple(rest)})


def _field(name: str, schema: dict[str, Any], *, hint: bool) -> forms.Field:
    kind = _plain(schema)
    field = _make(name, kind)
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


def _plain(schema: dict[str, Any]) -> dict[str, Any]:
    """`int | None` is a number that may be left empty."""
    branches = [branch for branch in schema.get("anyOf", []) if branch.get("type") != "null"]
    if len(branches) == 1:
        return {**schema, **branches[0], "optional": True}
    return schema


def _make(name: str, schema: dict[str, Any]) -> forms.Field:
    if "enum" in schema or "const" in schema:
        return _choice(schema)
    makers = {"array": _items, "boolean": _switch, "integer": _integer, "number": _number, "string": _text}
    maker = makers.get(schema.get("type", ""))
    return maker(name, schema) if maker else _json(schema)


def _choice(schema: dict[str, Any]) -> forms.Field:
    values = schema.get("enum") or [schema["const"]]
    by_text = {str(value): value for value in values}
    few = len(values) <= SEGMENTS_MOST
    return forms.TypedChoiceField(
        choices=[(str(value), choice_label(value, schema.get("unit", ""))) for value in values],
        coerce=lambda text: by_text[text],
        empty_value=by_text.get("", schema.get("default")),
        required=False,
        widget=forms.RadioSelect() if few else forms.Select(),
    )


def _switch(_name: str, _schema: dict[str, Any]) -> forms.Field:
    return forms.BooleanField(required=False)


def _integer(name: str, schema: dict[str, Any]) -> forms.Field:
    low, high = schema.get("minimum"), schema.get("maximum")
    if name == "seed":
        attrs = {"data-dice": "1", "data-icon": "dice", "inputmode": "numeric", "placeholder": _("Random"), "class": "num"}
        return forms.IntegerField(required=False, widget=forms.TextInput(attrs=attrs), min_value=low, max_value=high)
    widget = forms.NumberInput(attrs={"data-stepper": "1"} if low is not None and high is not None else {})
    step = schema.get("multipleOf")
    return forms.IntegerField(required=not schema.get("optional"), widget=widget, min_value=low, max_value=high, step_size=step)


def _number(_name: str, schema: dict[str, Any]) -> forms.Field:
    widget = forms.NumberInput(attrs={"step": "any"})
    return forms.FloatField(
        required=not schema.get("optional"), min_value=schema.get("minimum"), max_value=schema.get("maximum"), widget=widget
    )


def _text(_name: str, schema: dict[str, Any]) -> forms.Field:
    widget = forms.Textarea(attrs={"rows": 2})
    return forms.CharField(required=False, empty_value=schema.get("default") or "", max_length=schema.get("maxLength"), widget=widget)


def _items(_name: str, schema: dict[str, Any]) -> forms.Field:
    return ItemsField(schema)


def _json(schema: dict[str, Any]) -> forms.Field:
    return forms.JSONField(required=False, initial=schema.get("default"), widget=forms.Textarea(attrs={"rows": 2, "class": "mono"}))


def is_wide(field: forms.Field) -> bool:
    """The control needs the whole row."""
    return isinstance(field, ItemsField) or (
        isinstance(field, forms.ChoiceField)
        and isinstance(field.widget, forms.RadioSelect)
        and len(list(field.widget.choices)) >= SPANS_ROW
    )
