"""The options of a model: the one declaration from which form, API schema, checks and docs derive.

Field names are the portal's and the same for all vendors; each vendor's `bodies.py` translates them. Units are in `json_schema_extra`.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from dataclasses import KW_ONLY, dataclass, field, replace
from datetime import date, timedelta
from decimal import Decimal
from functools import cache
from math import isinf, sqrt
from typing import Any, ClassVar, Literal, get_args, get_origin

from pydantic import BaseModel, ConfigDict, Field, ValidationInfo, field_validator
from pydantic_core import PydanticKnownError

from providers.core.rules import Rule

__all__ = [
    "LIKE",
    "NEEDED",
    "PORTAL_IMAGES",
    "Counts",
    "ImageRules",
    "InputConflict",
    "InputSlot",
    "ModelSpec",
    "Params",
    "Price",
    "StrictNumbers",
    "Tier",
    "by_id",
    "exact_number",
    "offered",
    "param",
    "schema_of",
]


LIKE = (0.8, 1.25)
"""An image has about as many pixels as another if it has between this and this many times the other's."""
ROOM_FOR_WORDS = 256 * 1024
"""Bytes of a limited body that are not for images: more than the longest prompt takes with every letter escaped."""
NEEDED: Any = ...
"""In place of a default: the option must be given."""
Counts = Mapping[str, int]
"""How many images each slot holds; empty slots are not in it."""


EXACT = re.compile(r"(-?[0-9]{1,18})(\.[0-9]{1,18})?")


class InputConflict(ValueError):
    """An option conflicts with the given images. `message` says why.

    `field` names the option; with `inputs.` before it, a slot: one that must be filled, or that excludes another.
    """

    def __init__(self, field: str, message: str) -> None:
        super().__init__(message)
        self.field = field
        self.message = message

    @property
    def path(self) -> str:
        """Return the place of the fault in a request: `params.mode`, `inputs.last_frame`."""
        return self.field if self.field.startswith("inputs.") else f"params.{self.field}"


class StrictNumbers(BaseModel):
    """A model whose numbers may be given as text, if that is exact: `"5"`, `"5.0"`, `"-0.5"`. Pydantic would read True as 1, an unwanted
    seed or a video of one second, and take `" 5"`, `"1_000"`, `"1e3"` and the digits of other scripts.
    """

    @field_validator("*", mode="before")
    @classmethod
    def _numbers_are_exact(cls, value: Any, info: ValidationInfo) -> Any:
        if not isinstance(value, (bool, str)):
            return value
        annotation = cls.model_fields[str(info.field_name)].annotation
        kinds = {annotation, *get_args(annotation)}
        choices = next((get_args(kind) for kind in kinds if get_origin(kind) is Literal), ())
        if any(choice is value or (isinstance(value, str) and choice == value) for choice in choices) or str in kinds:
            return value
        number = exact_number(value, whole=float not in kinds) if isinstance(value, str) else None
        takes = bool(kinds & {int, float})
        if number is None and int in kinds:
            raise PydanticKnownError("int_type" if isinstance(value, bool) else "int_parsing")
        if number is None and takes:
            raise PydanticKnownError("float_type" if isinstance(value, bool) else "float_parsing")
        if isinstance(value, bool) and choices:
            raise PydanticKnownError("literal_error", {"expected": ", ".join(map(repr, choices))})
        is_choice = number is not None and any(choice == number for choice in choices if choice is not True)
        return number if takes or is_choice else value


def exact_number(text: str, *, whole: bool) -> float | None:
    """Return the number that this text is, an int if it is to be `whole`; None if it is none, or not written out in ASCII digits."""
    found = EXACT.fullmatch(text)
    if found is None or (whole and (found[2] or "").strip(".0")):
        return None
    return int(found[1]) if whole else float(text)


class Params(StrictNumbers):
    """Validated options of one model. Whatever a subclass accepts is sent; what cannot be sent is not offered."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    instead_of_prompt: ClassVar[str] = ""
    """The option that replaces the prompt where it is given; the prompt must be empty then."""
    continues: ClassVar[str] = ""
    """The option that names an earlier task by the vendor's id: only the account that has that task can make this one."""
    offline: ClassVar[Mapping[str, str]] = {}
    """Options with which it is rendered when the vendor has room: hours later, and cheaper; `expires_after_s`, if the model has it, is
    when the vendor gives up. Empty: there is no such tier.
    """
    frames_per_s: ClassVar[int] = 0
    """How many of its `frames` a second has, where that option may give the length instead of `duration_s`."""
    rules: ClassVar[tuple[Rule, ...]] = ()
    """All rules of the model, in the order of their checks. A class that adds one lists them all: those of its bases are not added."""

    @property
    def replaces_prompt(self) -> bool:
        """Return whether these options say what the video shows, so that the prompt may be empty."""
        return bool(self.instead_of_prompt and getattr(self, self.instead_of_prompt))

    @field_validator("*")
    @classmethod
    def _keep_the_rules(cls, value: Any, info: ValidationInfo) -> Any:
        given = {**info.data, str(info.field_name): value}
        for rule in cls.rules:
            if rule.at == info.field_name and given.keys() >= set(rule.names) and rule.broken(*(given[name] for name in rule.names)):
                raise ValueError(rule.message)
        return value

    def check_inputs(self, images: Counts) -> None:
        """Raise `InputConflict` where an option conflicts with the given images."""
        options = type(self).model_fields
        for rule in self.rules:
            if options.keys() >= set(rule.names):
                continue
            if rule.broken(*(getattr(self, name) if name in options else images.get(name, 0) for name in rule.names)):
                raise InputConflict(rule.at, rule.message)

    def size_of(self, slot: str) -> tuple[int, int] | None:  # noqa: ARG002
        """Return the exact width and height in pixels that an image in this slot must have; None for any size."""
        return None


def param(default: Any, title: str, description: str = "", *, unit: str = "", main: bool = False, **bounds: Any) -> Any:
    """Declare a field of a Params class. `main` puts it among the form's first settings; the others are under 'More settings'.

    A list is a tuple, its default `()` or `NEEDED`, `max_length` its most items; an item's bounds are in its type, so that a
    refusal can name the item. Options whose values have a form of their own have `examples`, whole values.
    """
    extra: dict[str, Any] = {"main": main}
    if unit:
        extra["unit"] = unit
    return Field(default, title=title, description=description, json_schema_extra=extra, **bounds)


@dataclass(frozen=True, kw_only=True)
class ImageRules:
    """What is taken as an image: content types, bytes, pixels; ratios are width / height; `alpha` is whether it may be transparent."""

    formats: tuple[str, ...] = ("image/jpeg", "image/png")
    max_bytes: int = 10 * 1024 * 1024
    max_pixels: int = 40_000_000
    min_side_px: int = 1
    max_side_px: int = 20_000
    min_ratio: float = 0.0
    max_ratio: float = float("inf")
    alpha: bool = True


PORTAL_IMAGES = ImageRules(
    formats=("image/jpeg", "image/png", "image/webp", "image/avif", "image/bmp", "image/gif", "image/tiff"), max_bytes=20 * 1024 * 1024
)
"""What the portal stores of any image, as JPEG or PNG. How large a file may be is a setting, of which this is the default."""


def offered(rules: ImageRules, most_bytes: int = PORTAL_IMAGES.max_bytes) -> ImageRules:
    """Return what users may give where a model has these rules: the lesser of what it takes and what the portal stores. Formats are the
    portal's: it converts them. Where the ratio is bounded, the number of pixels bounds the sides too.
    """
    pixels = min(rules.max_pixels, PORTAL_IMAGES.max_pixels)
    slimmest = max(rules.max_ratio, 1 / rules.min_ratio if rules.min_ratio else float("inf"))
    longest = rules.max_side_px if isinf(slimmest) else min(rules.max_side_px, int(sqrt(pixels * slimmest)))
    most = min(rules.max_bytes, most_bytes)
    return replace(rules, formats=PORTAL_IMAGES.formats, max_bytes=most, max_pixels=pixels, max_side_px=longest)


@dataclass(frozen=True, kw_only=True)
class InputSlot:
    """A place for images: `first_frame`, `last_frame` or `references`. Required when `min_count` > 0.

    `like` names a slot whose image must have about as many pixels. `wants_words`: its images need a prompt. `max_prompt_chars` is a lower
    limit for the prompt beside its images; 0 for none.
    """

    name: str
    title: str
    min_count: int = 0
    max_count: int = 1
    rules: ImageRules = field(default_factory=ImageRules)
    like: str = ""
    wants_words: bool = False
    max_prompt_chars: int = 0


@dataclass(frozen=True, kw_only=True)
class Tier:
    """A price that holds where all options of `when` have these values, as text: {"resolution": "1080p"}; {} holds always.

    `unit` is "second", "video", or "token" for a million tokens.
    """

    amount: Decimal
    unit: str
    when: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Price:
    """List price, from the vendor's page. `unit` is "second" or "video". `tiers` replace it where they hold, and price tokens."""

    amount: Decimal
    unit: str
    currency: str = "CNY"
    tiers: tuple[Tier, ...] = ()


@dataclass(frozen=True)
class ModelSpec:
    """One generative model of a provider.

    `id` is the vendor's own model id; `name` is `provider/id`. `needs_prompt` is False where an image needs no prompt, nor an
    option that must be given.
    `poll_every` and `deadline` are ours: how often to ask, and when to stop waiting. `result_life` is how long the vendor keeps the file.
    `max_body_bytes` is what the vendor's server reads of a submit, where the images travel in it. A `retired` model is available only at
    its `surfaces`, if it has any.
    """

    id: str
    label: str
    params: type[Params]
    slots: tuple[InputSlot, ...] = ()
    _: KW_ONLY
    provider: str
    needs_prompt: bool = True
    max_prompt_chars: int
    max_body_bytes: int | None = None
    usual_s: tuple[int, int] = (60, 180)
    poll_every: timedelta = timedelta(seconds=5)
    deadline: timedelta = timedelta(hours=2)
    result_life: timedelta
    price: Price | None = None
    surfaces: tuple[str, ...] = ()
    retired: date | None = None
    docs_url: str
    docs_read: date

    @property
    def name(self) -> str:
        return f"{self.provider}/{self.id}"

    def is_at(self, surface: str) -> bool:
        """Return whether the vendor is known to have it there."""
        return surface in self.surfaces if self.surfaces else self.retired is None

    @property
    def max_images_bytes(self) -> int | None:
        """Return how large all images of a submit may be together, as base64; None where no limit is known."""
        return None if self.max_body_bytes is None else self.max_body_bytes - ROOM_FOR_WORDS

    def slot(self, name: str) -> InputSlot | None:
        return next((slot for slot in self.slots if slot.name == name), None)

    @property
    def needed_slots(self) -> tuple[str, ...]:
        """Return the slots that a request with default options must fill, whether the slot says so or a rule."""
        needed = tuple(slot.name for slot in self.slots if slot.min_count)
        missing = self._missing_beside(needed)
        return (*needed, missing) if missing else needed

    @property
    def one_of_slots(self) -> tuple[str, ...]:
        """Return the slots of which any one must be filled; empty where there is no such choice."""
        needed = tuple(slot.name for slot in self.slots if slot.min_count)
        if not self._missing_beside(needed):
            return ()
        enough = (slot.name for slot in self.slots if slot.name not in needed and not self._missing_beside((*needed, slot.name)))
        found = tuple(enough)
        return found if len(found) > 1 else ()

    def _missing_beside(self, filled: Collection[str]) -> str:
        """Return the slot that a rule requires with these filled and default options; empty when there is none."""
        try:
            self.params(**self.needed_params).check_inputs(dict.fromkeys(filled, 1))
        except InputConflict as conflict:
            kind, _dot, name = conflict.path.partition(".")
            return name if kind == "inputs" else ""
        return ""

    def needs_words(self, filled: Collection[str]) -> bool:
        """Return whether a request with images in these slots needs a prompt too."""
        enough = self.needed_params or any(slot.name in filled and not slot.wants_words for slot in self.slots)
        return self.needs_prompt or not enough

    def prompt_limit(self, filled: Collection[str]) -> int:
        """Return how many characters a prompt may have beside images in these slots."""
        lower = (slot.max_prompt_chars for slot in self.slots if slot.name in filled and slot.max_prompt_chars)
        return min((self.max_prompt_chars, *lower))

    @property
    def needed_params(self) -> dict[str, Any]:
        """Return the options that must be given, each with an example."""
        return {name: field.examples[0] for name, field in self.params.model_fields.items() if field.is_required() and field.examples}

    def json_schema(self) -> dict[str, Any]:
        """Return the params as JSON Schema, as API users see them. Shared: do not change it."""
        return schema_of(self.params)


def by_id(*specs: ModelSpec) -> Mapping[str, ModelSpec]:
    """Return the models by their ids, in this order."""
    return {spec.id: spec for spec in specs}


def vendor_of(name: str) -> str:
    """Return the vendor of a model, `acme` of `acme/model-1`, also when the catalog no longer has it."""
    return name.partition("/")[0]


def vendors_id_of(name: str) -> str:
    """Return the model's id at the vendor, `model-1` of `acme/model-1`."""
    return name.partition("/")[2]


@cache
def schema_of(params: type[Params]) -> dict[str, Any]:
    """Return the JSON Schema of a Params class, with parts in place of references. Shared: do not change it."""
    schema = params.model_json_schema()
    return dict(_in_place(schema, schema.pop("$defs", {})))


def _in_place(part: Any, parts: Mapping[str, Any]) -> Any:
    if isinstance(part, list):
        return [_in_place(item, parts) for item in part]
    if not isinstance(part, dict):
        return part
    if "$ref" in part:
        return _in_place(parts[part["$ref"].rpartition("/")[2]], parts)
    return {name: _in_place(value, parts) for name, value in part.items()}
