"""Fills the variables of a template. Pure.

`{name}` is replaced by its value. A part in [square brackets] that has variables is left out while one of them is empty. A variable
outside of brackets must be filled, unless it has a default.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _

from generation.errors import InvalidRequest
from providers.core.catalog import exact_number
from providers.labels import listed

__all__ = ["KINDS", "Filled", "TemplateVersion", "Variable", "check_template", "fill", "names_in", "needed_names"]

KINDS = ("text", "number", "choice", "image")
LONGEST_VALUE = 2_000
NAME = re.compile(r"\{(\w{1,40})\}")
PART = re.compile(r"\[([^\[\]]*)\]")
BRACE = re.compile(r".{0,20}[{}].{0,20}", re.DOTALL)


@dataclass(frozen=True, kw_only=True)
class Variable:
    """A place in a template. An image has no place in the text: it is an input of the video. `example` is shown in an empty form."""

    name: str
    label: str = ""
    kind: str = "text"
    choices: tuple[str, ...] = ()
    default: str = ""
    example: str = ""

    def read(self, given: Any) -> str:
        """Return the value as the text that is filled in; empty if nothing was given. Raises ValueError with what is wrong."""
        text = _as_text(given) or self.default
        if len(text) > LONGEST_VALUE:
            raise ValueError(_("At most %(limit)d characters; this has %(length)d.") % {"limit": LONGEST_VALUE, "length": len(text)})
        if found := BRACE.search(text):  # a variable that another program did not fill would be seen in a paid video
            raise ValueError(_("Remove the braces: “%(part)s”.") % {"part": found[0]})
        if any(unicodedata.category(letter) == "Cc" for letter in text):
            raise ValueError(_("Remove the control characters."))
        if text and self.kind == "number":
            if exact_number(text, whole=False) is None:
                raise ValueError(_("“%(value)s” is not a number. Write it as 3 or 2.5.") % {"value": text[:60]})
            return text.rstrip("0").rstrip(".") if "." in text else text
        if text and self.kind == "choice" and text not in self.choices:
            choices = {"value": text[:60], "choices": listed(self.choices)}
            raise ValueError(_("“%(value)s” is not a choice. Choose one of: %(choices)s.") % choices)
        return text


@dataclass(frozen=True, kw_only=True)
class TemplateVersion:
    """A version of a template in one language. `id` is a word for a built-in one, otherwise the `line` of its rows."""

    id: str
    version: int
    category: str
    language: str
    name: str
    text: str
    negative_text: str = ""
    variables: tuple[Variable, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Filled:
    """A template with its values. `image` is the id of the image that was given, or empty."""

    text: str
    image: str
    values: Mapping[str, str]


def fill(template: TemplateVersion, values: Mapping[str, Any]) -> Filled:
    """Return the text with these values. Raises `InvalidRequest` with every variable that is wrong, as `values.NAME`."""
    known = {variable.name: variable for variable in template.variables}
    needed = needed_names(template.text)
    has = {"variables": listed(f"{{{name}}}" for name in known) or "–"}
    unknown = _("This template has no such variable. It has: %(variables)s.") % has
    wrong = {f"values.{name[:40]}": unknown for name in values if name not in known}
    words = {}
    for name, variable in known.items():
        try:
            words[name] = variable.read(values.get(name))
        except ValueError as error:
            wrong[f"values.{name}"] = str(error)
            continue
        if name in needed and not words[name]:
            wrong[f"values.{name}"] = _("“%(label)s” is missing.") % {"label": variable.label or name}
    if wrong:
        raise InvalidRequest(_("Some fields cannot be used as they are."), code="template_values", fields=wrong)
    image = next((words[name] for name, variable in known.items() if variable.kind == "image"), "")
    given = {name: word for name, word in words.items() if word}
    return Filled(text=_filled(template.text, words), image=image, values=given)


def names_in(text: str) -> list[str]:
    """Return the variables that the text has, in their order, each once."""
    return list(dict.fromkeys(NAME.findall(text)))


def needed_names(text: str) -> set[str]:
    """Return the variables outside of square brackets."""
    return set(NAME.findall(PART.sub(lambda part: "" if NAME.search(part[1]) else part[0], text)))


def check_template(text: str, negative_text: str, variables: Iterable[Variable]) -> tuple[Variable, ...]:
    """Return the variables in the order of the text, with one of kind text for each name that was not declared. Raises `InvalidRequest`
    by the field that is wrong: `text`, `negative_text`, `variables.NAME`.
    """
    declared = list(variables)
    by_name = {variable.name: variable for variable in declared}
    used = names_in(text)
    wrong = {}
    if not text.strip():
        wrong["text"] = _("Write what the video shows, with variables in braces: A video about {title}.")
    for field, left in {"text": NAME.sub("", text), "negative_text": negative_text}.items():
        if found := BRACE.search(left):
            words = _("Write a variable as {name}, with letters, digits and “_”. This brace belongs to none: “%(part)s”.")
            wrong[field] = words % {"part": found[0]}
    if len(by_name) < len(declared):
        wrong["variables"] = _("Each variable has a name of its own.")
    if sum(variable.kind == "image" for variable in declared) > 1:
        wrong["variables"] = _("A template has one image at most.")
    for variable in declared:
        if words := _fault_of(variable, used):
            wrong[f"variables.{variable.name[:40]}"] = words
    if wrong:
        raise InvalidRequest(_("Some fields cannot be used as they are."), fields=wrong)
    images = [variable for variable in declared if variable.kind == "image"]
    return (*images, *(by_name.get(name, Variable(name=name)) for name in used))


def _fault_of(variable: Variable, used: Iterable[str]) -> str:
    """Return what is wrong with the declaration of a variable; empty if nothing is."""
    if not NAME.fullmatch(f"{{{variable.name}}}"):
        return _("A name has letters, digits and “_”, at most 40.")
    if variable.kind == "image" and (variable.name in used or variable.default):
        return _("An image has no words and no default. Remove {%(name)s} from the text.") % {"name": variable.name}
    if variable.kind != "image" and variable.name not in used:
        return _("The text does not use {%(name)s}. Put it into the text, or remove the variable.") % {"name": variable.name}
    if (variable.kind == "choice") is not bool(variable.choices):
        return _("A variable has choices exactly if its kind is “choice”.")
    try:
        for word in (variable.default, *variable.choices):
            variable.read(word)
    except ValueError as error:
        return str(error)
    return ""


def _as_text(given: Any) -> str:
    """Return a text in one line, or a number as text. Raises ValueError for anything else."""
    if given is None:
        return ""
    if isinstance(given, bool) or not isinstance(given, (str, int, float)):
        raise ValueError(_("Give a text or a number."))
    return " ".join(str(given).split())


def _filled(text: str, words: Mapping[str, str]) -> str:
    def part(found: re.Match[str]) -> str:
        names = NAME.findall(found[1])
        if not names:
            return found[0]
        return found[1] if all(words[name] for name in names) else ""

    return NAME.sub(lambda found: words[found[1]], PART.sub(part, text)).strip()
