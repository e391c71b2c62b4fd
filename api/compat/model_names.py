"""Finds the model that a client means: by an administrator's alias, by the portal's name, or by the vendor's own."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from django.utils.translation import gettext as _

from access.callers import Caller
from generation.errors import InvalidRequest
from generation.models import ModelAlias
from generation.ordering.accounts import accounts_lately
from generation.ordering.aliases import meant_by
from generation.places import serves
from providers.core.catalog import ModelSpec
from providers.vendors import ALL_MODELS

__all__ = ["known_names", "meant_model"]

MOST_NAMED = 30


def meant_model(name: str, *, dialect: str, by: Caller, usual: Sequence[str] = (), vendor: str = "") -> ModelSpec:
    """Return the model with this name. Raises `InvalidRequest` (`unknown_model`) that lists the names that exist.

    `vendor`, if the client names one, decides between models of the same name.

    Without a name: the model of the alias with the dialect's name, else the first of the `usual` models that an account offers the caller.
    """
    asked = name.replace("\0", "").strip()  # an address may have one, and PostgreSQL refuses it
    called = asked if name else dialect  # a blank name is a wrong one
    if (aliased := meant_by(called)) != called:
        spec = ALL_MODELS.get(aliased)
    elif name:
        spec = (ALL_MODELS.get(f"{vendor}/{asked}") if vendor else None) or _by_name(asked, by)
    else:
        spec = next((ALL_MODELS[one] for one in usual if one in ALL_MODELS and _is_offered(ALL_MODELS[one], by)), None)
    if spec is None:
        raise _unknown(asked, dialect, by)
    return spec


def known_names(by: Caller) -> Mapping[str, ModelSpec]:
    """Return the models that the caller may order now, by every name that a client can send: aliases first, then the portal's names."""
    offered = {name: spec for name, spec in ALL_MODELS.items() if _is_offered(spec, by)}
    aliases = ModelAlias.objects.values_list("name", "model")
    return {alias: offered[model] for alias, model in aliases if model in offered} | offered


def _by_name(asked: str, by: Caller) -> ModelSpec | None:
    if asked in ALL_MODELS:
        return ALL_MODELS[asked]
    word = asked.casefold()
    same = [spec for spec in ALL_MODELS.values() if word in {spec.id.casefold(), spec.name.casefold()}]
    return _only(same) or _only(spec for spec in same if _is_offered(spec, by))


def _only(specs: Iterable[ModelSpec]) -> ModelSpec | None:
    found = list(specs)
    return found[0] if len(found) == 1 else None


def _is_offered(spec: ModelSpec, by: Caller) -> bool:
    """Return whether an enabled account may render it for the caller."""
    if by.token and not by.token.may_order(spec.name):
        return False
    only = by.token.only if by.token else ""
    return any(account.offers(spec) and serves(account, only) for account in accounts_lately())


def _unknown(asked: str, dialect: str, by: Caller) -> InvalidRequest:
    names = ", ".join(list(known_names(by))[:MOST_NAMED])
    if asked:
        words = _("There is no model “%(model)s” here. Use one of these names: %(names)s. An administrator can add an alias.")
    else:
        words = _("Name a model: %(names)s. Or ask an administrator for the alias “%(dialect)s”, which is used where none is named.")
    message = words % {"model": asked[:100], "dialect": dialect, "names": names or "–"}
    return InvalidRequest(message, code="unknown_model", fields={"model": message})
