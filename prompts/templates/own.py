"""Templates and styles of persons and teams: each edit is a new version of the same line (docs/adr/0051)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any
from uuid import UUID

from django.contrib.auth.models import Group
from django.db import transaction
from django.utils.translation import gettext as _
from uuid_utils.compat import uuid7

from access.callers import Caller
from access.rights import may
from database import clock
from events import audit
from generation.errors import Conflict, InvalidRequest, NotAllowed, NotThere
from prompts.models import Category, Template
from prompts.styles import STYLES, Style
from prompts.templates.built_in import BUILT_IN
from prompts.templates.rendering import KINDS, TemplateVersion, Variable, check_template, names_in

__all__ = ["change", "create", "delete", "find", "find_style", "the_row", "value_of"]

MOST_VARIABLES = 30
NAME_LONGEST = 100
TEXT_LONGEST = 10_000


def value_of(row: Template) -> TemplateVersion:
    """Return the row as a value."""
    kept = {name: getattr(row, name) for name in ("version", "category", "language", "name", "text", "negative_text")}
    return TemplateVersion(id=str(row.line), variables=tuple(_variables(row.variables)), **kept)


def find(caller: Caller, template_id: str, language: str, *, version: int | None = None) -> TemplateVersion:
    """Return a template by its id, the current version if none is named; a deleted one only by its version. Raises `NotThere`."""
    built_in = BUILT_IN.get((template_id, language))
    if built_in and version in {None, built_in.version}:
        return built_in
    return value_of(the_row(caller, template_id, version=version))


def find_style(caller: Caller, style_id: str) -> Style:
    """Return a built-in style, or one that the caller may see. Raises `NotThere`."""
    if style := STYLES.get(style_id):
        return style
    row = the_row(caller, style_id, what=_("There is no such style."))
    if row.category != Category.STYLE:
        raise NotThere(_("There is no such style."))
    named = {"name": row.name, "words": row.text, "negative": row.negative_text}
    return Style(id=str(row.line), **{field: {row.language: text} for field, text in named.items()})


def the_row(caller: Caller, template_id: str, *, version: int | None = None, what: str = "") -> Template:
    """Return the current row of a template that the caller may see, or that of a version. Raises `NotThere`."""
    try:
        rows = Template.objects.visible_to(caller).filter(line=UUID(template_id))
    except ValueError:
        rows = Template.objects.none()
    wanted = rows.filter(is_current=True) if version is None else rows.filter(version=version)
    row = wanted.select_related("team", "owner").first()
    if row is None:
        raise NotThere(what or _("There is no such template."))
    return row


def create(*, by: Caller, team: Group | None = None, **fields: Any) -> Template:
    """Store the first version of a template: `category`, `language`, `name`, `text`, `negative_text`, `variables` (a list of dicts).

    Raises `InvalidRequest` by field.
    """
    first = uuid7()
    with transaction.atomic():
        row = Template.objects.create(id=first, line=first, owner=by.user, team=team, created_at=clock.now(), **_checked(fields))
        audit.record("template.created", row, by=by)
    return row


def change(row: Template, *, by: Caller, **fields: Any) -> Template:
    """Store the next version with these fields changed, `team` among them. Raises `InvalidRequest`, `NotAllowed`, and `Conflict` if another
    version became the current one.
    """
    _require_rights(row, by)
    names = ("category", "language", "name", "text", "negative_text", "variables")
    kept = {name: getattr(row, name) for name in names} | {"team": row.team} | fields
    team = kept.pop("team")
    if "variables" not in fields:  # those that the new text no longer has go with the old one
        used = names_in(kept["text"])
        kept["variables"] = [one for one in kept["variables"] if one["kind"] == "image" or one["name"] in used]
    checked = _checked(kept)
    with transaction.atomic():
        _end(row)
        following = {"line": row.line, "version": row.version + 1, "owner": row.owner, "created_at": clock.now()}
        after = Template.objects.create(team=team, **following, **checked)
        audit.record("template.changed", after, by=by, before={"version": row.version}, after={"version": after.version})
    return after


def delete(row: Template, *, by: Caller) -> None:
    """Take the template out of every list. Its versions stay: prompts were made from them. Raises `NotAllowed`, `Conflict`."""
    _require_rights(row, by)
    with transaction.atomic():
        _end(row)
        audit.record("template.deleted", row, by=by)


def _end(row: Template) -> None:
    """Let the row no longer be the current version."""
    if not Template.objects.filter(pk=row.pk, is_current=True).update(is_current=False):
        raise Conflict(_("Someone else changed this template. Reload it and try again."), code="template_changed")


def _require_rights(row: Template, by: Caller) -> None:
    if not may(by, "act", row):
        raise NotAllowed(_("Only its owner can change this template. You can save a copy."))


def _checked(fields: Mapping[str, Any]) -> dict[str, Any]:
    """Return the columns of a row. Raises `InvalidRequest` by field."""
    name, text = str(fields.get("name", "")).strip(), str(fields.get("text", "")).strip()
    negative_text, declared = str(fields.get("negative_text", "")).strip(), fields.get("variables") or []
    wrong = {}
    if not 0 < len(name) <= NAME_LONGEST:
        wrong["name"] = _("Give it a name of at most %(most)d characters.") % {"most": NAME_LONGEST}
    if max(len(text), len(negative_text)) > TEXT_LONGEST:
        wrong["text"] = _("At most %(most)d characters.") % {"most": TEXT_LONGEST}
    if len(declared) > MOST_VARIABLES or any(one.get("kind", "text") not in KINDS for one in declared):
        wrong["variables"] = _("At most %(most)d variables, of kind text, number, choice or image.") % {"most": MOST_VARIABLES}
    if fields["category"] == Category.STYLE and ("{" in text or declared):
        wrong["text"] = _("A style has words only, no variables.")
    if wrong:
        raise InvalidRequest(_("Some fields cannot be used as they are."), fields=wrong)
    variables = check_template(text, negative_text, _variables(declared))
    return {
        "category": fields["category"],
        "language": fields["language"],
        "name": name,
        "text": text,
        "negative_text": negative_text,
        "variables": [asdict(one) for one in variables],
    }


def _variables(declared: Sequence[Mapping[str, Any]]) -> list[Variable]:
    return [Variable(**{**one, "choices": tuple(one.get("choices", ()))}) for one in declared]
