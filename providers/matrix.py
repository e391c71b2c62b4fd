"""The text of docs/providers.md, made from the catalogs: parameters, ranges, inputs, prices and sources of every model.

`manage.py provider_matrix` writes the file. No Django here.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from providers.core.base import Provider, Surface
from providers.core.catalog import LIKE, PORTAL_IMAGES, ImageRules, InputSlot, ModelSpec, Price, offered
from providers.core.conditions import conditions_written
from providers.vendors import ALL_MODELS, PROVIDERS

__all__ = ["matrix"]

MEBIBYTE = 1024 * 1024
MEGABYTES, MEGAPIXELS = PORTAL_IMAGES.max_bytes // MEBIBYTE, PORTAL_IMAGES.max_pixels // 1_000_000
FORMATS = ", ".join(kind.removeprefix("image/").upper() for kind in PORTAL_IMAGES.formats)
MODELS = len(ALL_MODELS.built_in)
HEAD = f"""\
# Vendors and models

Generated from the catalogs by `manage.py provider_matrix`: do not edit it by hand. {MODELS} models of {len(PROVIDERS)} vendors.

A **bold** value is the default. An input is named with how many images it takes, and their types and bounds; a ratio is width to
height. Images are given as {FORMATS}, stored and sent as JPEG or PNG; of several pictures
in a file, the first is used. Their bounds are the lesser of the vendor's and the portal's: {MEGAPIXELS} million pixels, and
{MEGABYTES} MB unless `PORTAL_MAX_IMAGE_MB` says otherwise. A price is the vendor's list price; — means that the catalog has none for
each second or video. The source is the vendor's page, with the day on which it was read. A retired model is refused
(`model_retired`) unless an account of a surface that still has it is enabled. *Made of* names the environment variables
that make an account at a surface without a person (operating.md); those in brackets may be missing.
"""
COLUMNS = ("Model", "Parameter", "Range", "Input", "Price", "Retired", "Source")
RUN = 4
"""So many whole numbers in a row are shown as a range."""


def matrix() -> str:
    """Return the whole page in Markdown."""
    sections = ("\n".join(_section(provider)) for provider in PROVIDERS.values())
    return "\n".join([HEAD, *sections])


def _section(provider: type[Provider]) -> Iterator[str]:
    yield f"## {provider.label}"
    yield ""
    yield f"Names begin with `{provider.slug}/`. {_abilities(provider)}"
    yield ""
    yield from (_surface_line(surface, provider) for surface in provider.surfaces.values())
    yield ""
    yield from _list("Not offered", provider.not_offered)
    yield from _list("Read elsewhere than on the page named with the model", provider.read_elsewhere)
    yield _row(COLUMNS)
    yield _row("---" for _column in COLUMNS)
    for spec in provider.models.values():
        yield from _model_rows(spec)
    yield ""


def _abilities(provider: type[Provider]) -> str:
    asked = f"{provider.poll_batch} tasks{_note(provider.poll_batch_note)} at a time" if provider.poll_batch > 1 else "one task at a time"
    stopped = f"can stop a render{_note(provider.cancel_note)}" if provider.can_cancel else "cannot stop a render"
    found = provider.look_up_finds if provider.can_look_up else "cannot be asked about a submit whose answer was lost"
    return f"It is asked about {asked}, {stopped}, and {found}."


def _note(words: str) -> str:
    return f" ({words})" if words else ""


def _list(title: str, lines: Sequence[str]) -> Iterator[str]:
    if lines:
        yield f"{title}:"
        yield ""
        yield from (f"- {line}" for line in lines)
        yield ""


def _surface_line(surface: Surface, provider: type[Provider]) -> str:
    taken = [spec for spec in provider.models.values() if spec.is_at(surface.slug)]
    needs = ", ".join(field.label for field in surface.credentials if not field.optional) or "nothing"
    calls = "; calls back" if surface.calls_back else ""
    named = ", ".join(f"`{ours}` is `{theirs}`" for ours, theirs in surface.names.items())
    names = (f"; there {named}" if named else "") + ("; an account may have its own names" if surface.takes_names else "")
    address = f"<{surface.base_url}>" if surface.base_url else "its own address"
    made_of = f"; made of {_variables(surface)}" if surface.variables else ""
    return f"- `{surface.slug}`: {surface.label}, at {address}; needs {needs}; {_count(taken, provider)}{calls}{names}{made_of}."


def _variables(surface: Surface) -> str:
    """Return the variables that make an account, those that it can do without in brackets."""
    assert surface.variables is not None
    optional = {field.name for field in surface.credentials if field.optional}
    said = [(" or ".join(f"`{one}`" for one in names), name in optional) for name, names in surface.variables.credentials.items()]
    if surface.variables.address:
        said.append((" or ".join(f"`{one}`" for one in surface.variables.address), not surface.variables.address_needed))
    return ", ".join(f"({names})" if may_miss else names for names, may_miss in said)


def _count(taken: list[ModelSpec], provider: type[Provider]) -> str:
    if len(taken) == len(provider.models):
        return "all models"
    missing = [spec for spec in provider.models.values() if spec not in taken]
    if len(missing) < len(taken):
        return "all models but " + ", ".join(f"`{spec.id}`" for spec in missing)
    return ", ".join(f"`{spec.id}`" for spec in taken) or "no model"


def _model_rows(spec: ModelSpec) -> Iterator[str]:
    """Yield one row for each parameter; the first has the facts of the model."""
    about = (_inputs(spec), _price(spec.price), _retired(spec), f"[{spec.docs_read}]({spec.docs_url})")
    name = f"`{spec.id}`<br>{spec.label}"
    options = [(f"`{field}`", _range(schema)) for field, schema in spec.json_schema()["properties"].items()]
    yield _row((name, *(options[0] if options else ("—", "—")), *about))
    yield from (_row(("", *option, *[""] * len(about))) for option in options[1:])


def _price(price: Price | None) -> str:
    """Write the list price, and those for other options: `0.24 CNY a second; 0.48 with resolution=1080p`."""
    if price is None:
        return "—"
    units = {"second": "a second", "video": "a video", "token": "a million tokens"}
    base = f"{price.amount} {price.currency} {units[price.unit]}"
    others = [(tier, f" {units[tier.unit]}" if tier.unit != price.unit else "") for tier in price.tiers]
    said = [f"{tier.amount}{unit}{f' with {conditions_written(tier.when)}' if tier.when else ''}" for tier, unit in others]
    return "; ".join((base, *said))


def _retired(spec: ModelSpec) -> str:
    """Write the day of retirement: `2026-09-15; still at: gateway`."""
    if spec.retired is None:
        return "—"
    return f"{spec.retired}; {'still at: ' + ', '.join(f'`{slug}`' for slug in spec.surfaces) if spec.surfaces else 'refused'}"


def _row(cells: Iterable[str]) -> str:
    return f"| {' | '.join(cells)} |".replace("  ", " ")


def _range(schema: Mapping[str, Any]) -> str:
    """Write the values of a parameter: `3–15 s, **5**`."""
    facts = next((one for one in schema.get("anyOf", ()) if one["type"] != "null"), schema)
    default = schema.get("default", "")
    unit = f" {schema['unit']}" if schema.get("unit") else ""
    if "const" in facts or "enum" in facts:
        return _choices(facts.get("enum") or [facts["const"]], default, unit)
    if facts["type"] == "boolean":
        return _choices([False, True], default, "")
    if "default" not in schema:
        return f"{_bounds(facts)}{unit}, needed"
    said = f"**{default}**" if default not in (None, "", []) else "**empty**"
    return f"{_bounds(facts)}{unit}, {said}"


def _choices(values: list[Any], default: Any, unit: str) -> str:
    numbers = [value for value in values if type(value) is int]
    if len(values) >= RUN and numbers == values == [*range(values[0], values[0] + len(values))]:
        return f"{values[0]}–{values[-1]}{unit}, **{default}**"
    shown = (f"**{_word(value)}**" if value == default else _word(value) for value in values)
    return ", ".join(shown) + unit


def _word(value: Any) -> str:
    return {True: "yes", False: "no", "": "none"}.get(value, str(value)) if isinstance(value, (bool, str)) else str(value)


def _bounds(facts: Mapping[str, Any]) -> str:
    if facts["type"] == "array":
        return f"{facts.get('minItems', 0)}–{facts['maxItems']} of: {_item(facts['items'])}"
    if facts["type"] == "string":
        kind = "public address" if facts.get("format") == "uri" else "text"
        return f"{kind}, {facts['maxLength']} characters" if "maxLength" in facts else kind
    low, high = (facts.get(name) for name in ("minimum", "maximum"))
    kind = "whole number" if facts["type"] == "integer" else "number"
    if low is None or high is None:
        return kind
    steps = f" in steps of {facts['multipleOf']}" if "multipleOf" in facts else ""
    return f"{low:g}–{high:g}{steps}" if isinstance(low, float) else f"{low}–{high}{steps}"


def _item(facts: Mapping[str, Any]) -> str:
    """Write an item of a list; one with parts as `duration_s` (1–15 s) and `prompt` (text, 512 characters)."""
    parts = facts.get("properties", {})
    if not parts:
        return _bounds(facts)
    shown = (f"`{name}` ({_bounds(part)}{' ' + part['unit'] if part.get('unit') else ''})" for name, part in parts.items())
    return " and ".join(shown)


def _inputs(spec: ModelSpec) -> str:
    prompt = f"prompt, {spec.max_prompt_chars} characters{_prompt_rule(spec)}"
    most = spec.max_images_bytes if spec.slots else None
    together = [f"all images together up to {most / 1_000_000:.1f} MB as base64"] if most else []
    return "<br>".join([prompt, *(_input(slot, spec) for slot in spec.slots), *together])


def _prompt_rule(spec: ModelSpec) -> str:
    stands_in = f", empty with `{spec.params.instead_of_prompt}`" if spec.params.instead_of_prompt else ""
    if spec.needs_prompt:
        return stands_in
    if spec.needed_params:
        return f", may be empty{stands_in}"
    wordy = " and ".join(f"`{slot.name}`" for slot in spec.slots if slot.wants_words)
    return f", may be empty beside an image{f' other than {wordy}' if wordy else ''}{stands_in}"


def _input(slot: InputSlot, spec: ModelSpec) -> str:
    count = str(slot.max_count) if slot.min_count == slot.max_count else f"{slot.min_count}–{slot.max_count}"
    if slot.name in spec.one_of_slots:
        others = " or ".join(f"`{name}`" for name in spec.one_of_slots if name != slot.name)
        count += f", needed unless {others} is given"
    elif not slot.min_count and slot.name in spec.needed_slots:
        count += ", needed unless an option replaces it"
    exact = ", just as large as the video" if spec.params(**spec.needed_params).size_of(slot.name) else ""
    like = f", {LIKE[0]:g}–{LIKE[1]:g} times the pixels of `{slot.like}`" if slot.like else ""
    shorter = f", prompt up to {slot.max_prompt_chars} characters" if slot.max_prompt_chars else ""
    return f"`{slot.name}`, {count}: {_images(offered(slot.rules))}{exact}{like}{shorter}"


def _images(rules: ImageRules) -> str:
    """Write bounds: `up to 10 MB, sides 300–10000 px, ratio 0.4–2.5`."""
    facts = [f"up to {rules.max_bytes / MEBIBYTE:.3g} MB"]
    facts.append(f"sides {rules.min_side_px}–{rules.max_side_px} px")
    if rules.max_ratio != float("inf"):
        facts.append(f"ratio {rules.min_ratio:g}–{rules.max_ratio:g}")
    if not rules.alpha:
        facts.append("not transparent")
    return ", ".join(facts)
