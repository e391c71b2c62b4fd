"""Presets: the values of the Studio's form that a person keeps under a name. Only its owner sees one."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any
from uuid import UUID

from django.contrib.auth.models import User
from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from database.errors import is_taken
from generation.errors import Conflict, InvalidRequest, NotThere
from generation.ordering.validate import is_one_line
from prompts.models import Preset

__all__ = ["VALUES", "change", "create", "delete", "of", "the_preset"]

VALUES: Mapping[str, type] = {
    "model": str, "prompt": str, "params": dict, "inputs": dict, "count": int, "styles": list, "models": list, "drafts": bool,
}  # fmt: skip
"""The values that a preset may have, with their types: an order's fields, and its variations."""
MOST = 100
NAME_LONGEST = 100
MOST_BYTES = 64 * 1024


def of(owner: User) -> list[Preset]:
    """Return the person's presets by name."""
    return list(Preset.objects.filter(owner=owner).order_by("name"))


def the_preset(owner: User, pk: UUID) -> Preset:
    """Return the person's preset. Raises `NotThere`."""
    row = Preset.objects.filter(owner=owner, pk=pk).first()
    if row is None:
        raise NotThere(_("There is no such preset."))
    return row


def create(owner: User, name: str, values: Mapping[str, Any]) -> Preset:
    """Keep the values under a name. Raises `InvalidRequest`, and `Conflict` if the name is taken or there are too many."""
    if Preset.objects.filter(owner=owner).count() >= MOST:
        raise Conflict(_("You have %(most)d presets. Delete one first.") % {"most": MOST}, code="too_many")
    return _stored(Preset(owner=owner, name=_name(name), values=_checked(values)))


def change(preset: Preset, *, name: str | None = None, values: Mapping[str, Any] | None = None) -> Preset:
    """Give the preset another name, or other values. Raises `InvalidRequest`, `Conflict`."""
    preset.name = preset.name if name is None else _name(name)
    preset.values = preset.values if values is None else _checked(values)
    return _stored(preset)


def delete(preset: Preset) -> None:
    preset.delete()


def _stored(preset: Preset) -> Preset:
    try:
        with transaction.atomic():
            preset.save()
    except IntegrityError as error:
        if not is_taken(error):
            raise
        raise Conflict(_("You have a preset of this name. Choose another name."), code="name_taken") from error
    return preset


def _name(name: str) -> str:
    plain = " ".join(name.split())
    if not 0 < len(plain) <= NAME_LONGEST or not is_one_line(plain):
        words = _("Give it a name of at most %(most)d characters.") % {"most": NAME_LONGEST}
        raise InvalidRequest(words, fields={"name": words})
    return plain


def _checked(values: Mapping[str, Any]) -> dict[str, Any]:
    unknown = _("Unknown value. Allowed: %(names)s.") % {"names": ", ".join(sorted(VALUES))}
    wrong = {f"values.{name[:60]}": unknown for name in values if name not in VALUES}
    wrong |= {
        f"values.{name}": _("This cannot be used here.")
        for name, kind in VALUES.items()
        if name in values and type(values[name]) is not kind
    }
    if "values.inputs" not in wrong and not all(map(_are_ids, values.get("inputs", {}).values())):
        wrong["values.inputs"] = _("This cannot be used here.")
    if not wrong and len(json.dumps(dict(values), default=str).encode()) > MOST_BYTES:
        wrong["values"] = _("At most 64 kB.")
    if wrong:
        raise InvalidRequest(_("Some fields cannot be used as they are."), fields=wrong)
    return json.loads(json.dumps(dict(values), default=str))  # type: ignore[no-any-return]


def _are_ids(images: Any) -> bool:
    try:
        return isinstance(images, list) and all(UUID(str(one)) for one in images)
    except ValueError:
        return False
