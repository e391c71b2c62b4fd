"""Accounts that the environment gives: by the vendors' own variables (`Surface.variables`), and in the file PORTAL_ACCOUNTS_FILE.

They are read once by each process, when it starts. Their secrets stay in its memory; the row of the account has a fingerprint of them, so
that a process with other secrets than the row was made with sends nothing (docs/adr/0023). `taking.py` makes the rows.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from urllib.parse import urlsplit

from django.conf import settings
from django.utils.crypto import salted_hmac

from providers.accounts import accounts_file
from providers.accounts.base_urls import Unreadable, UnusableAddress, is_header_text, text_of_file, usable_address
from providers.accounts.models import ProviderAccount
from providers.accounts.sealing import SealBroken, unseal
from providers.core.base import Provider, Surface, Variables
from providers.core.messages import Message, say
from providers.vendors import PROVIDERS

__all__ = ["Given", "credentials_of", "fingerprint_of", "read_again", "reading", "where_it_is_set"]

SALT = "providers.given"
VARIABLES, FILE = "environment", "file"


@dataclass(frozen=True, kw_only=True)
class Given:
    """An account that the environment gives. `source` names it for good: another vendor, surface or name is another account. `origin` says
    to a person where it is set.
    """

    source: str
    provider: type[Provider]
    surface: Surface
    label: str
    base_url: str
    credentials: Mapping[str, str] = field(repr=False)
    origin: str


@dataclass(frozen=True, kw_only=True)
class Reading:
    """What this process found when it started: accounts by source, and what is wrong with others."""

    accounts: Mapping[str, Given]
    problems: tuple[Message, ...]


@cache
def reading() -> Reading:
    """Return what this process read. An account that cannot be used is a problem; it never keeps the portal from starting."""
    if not settings.ENVIRONMENT_ACCOUNTS:
        return Reading(accounts={}, problems=())
    problems: list[Message] = []
    found = [*_of_variables(problems), *_of_file(problems)]
    return Reading(accounts={one.source: one for one in found}, problems=tuple(problems))


def read_again() -> Reading:
    """Read as at a start."""
    reading.cache_clear()
    return reading()


def credentials_of(account: ProviderAccount) -> Mapping[str, str]:
    """Return the account's credentials: decrypted from its row, or those that the environment gives. Raise `SealBroken`."""
    if not account.source:
        return unseal(account.pk, account.sealed)
    one = reading().accounts.get(account.source)
    if one is None:
        raise _gone(account)
    if fingerprint_of(one) != account.fingerprint:
        raise SealBroken("given_differs", origin=one.origin)
    return one.credentials


def _gone(account: ProviderAccount) -> SealBroken:
    if account.source.startswith(VARIABLES):
        return SealBroken("variable_gone", names=where_it_is_set(account))
    return SealBroken("entry_gone", path=str(settings.ACCOUNTS_FILE) or "PORTAL_ACCOUNTS_FILE")


def where_it_is_set(account: ProviderAccount) -> str:
    """Return the variables or the place in the accounts file of an account that the environment gives; those that it may have, if gone."""
    if one := reading().accounts.get(account.source):
        return one.origin
    variables = account.known_surface.variables if account.known_surface else None
    if not account.source.startswith(VARIABLES) or variables is None:
        return "PORTAL_ACCOUNTS_FILE"
    return ", ".join(" / ".join(variables.credentials[name]) for name in _needed(account.known_surface, variables))


def fingerprint_of(one: Given) -> str:
    """Return a digest that shows only whether its secrets changed."""
    said = json.dumps([one.source, sorted(one.credentials.items())])
    return salted_hmac(SALT, said, algorithm="sha256").hexdigest()


def _of_variables(problems: list[Message]) -> Iterator[Given]:
    for provider in PROVIDERS.values():
        taken: set[str] = set()
        for surface in _by_address(provider):
            variables = surface.variables
            assert variables is not None
            names = {key: _set_one(options) for key, options in variables.credentials.items()}
            needed = [names[key] for key in _needed(surface, variables)]
            if None in needed or taken.intersection(filter(None, needed)):
                continue
            taken.update(filter(None, needed))
            try:
                one = _of(provider, surface, {key: name for key, name in names.items() if name})
            except _Refused as refused:
                problems.append(refused.words)
                continue
            if one is not None:
                yield one


def _by_address(provider: type[Provider]) -> list[Surface]:
    """Return the vendor's surfaces that have variables, first the one whose host is the address that is set."""
    surfaces = [surface for surface in provider.surfaces.values() if surface.variables]
    return sorted(surfaces, key=lambda surface: not _is_asked_for(surface))


def _is_asked_for(surface: Surface) -> bool:
    try:
        address = _address(surface)
        return bool(address) and urlsplit(address).hostname == urlsplit(surface.base_url).hostname
    except (_Refused, ValueError):  # `_of` says what is wrong, if there is a key too
        return False


def _address(surface: Surface) -> str:
    """Return the address that is set, or an empty text. Raise `_Refused` if it cannot be read."""
    name = _set_one(surface.variables.address) if surface.variables else None
    url = _value(name) if name else ""
    return url if "://" in url or not url else f"https://{url}"


class _Refused(Exception):
    """A variable that cannot be used; `words` say why."""

    def __init__(self, words: Message) -> None:
        self.words = words
        super().__init__(str(words))


def _of(provider: type[Provider], surface: Surface, names: Mapping[str, str]) -> Given | None:
    """Return the account of these variables, by the names of its credentials. Raise `_Refused`. None where an address is missing."""
    assert surface.variables is not None
    credentials = {key: _value(name) for key, name in names.items()}
    for key, value in credentials.items():
        if not is_header_text(value):
            raise _Refused(say("variable_unfit", name=names[key]))
    address = _address(surface)
    if not address and surface.variables.address_needed:
        return None
    is_own = not address or any(_is_asked_for(one) for one in _by_address(provider))  # of this surface, or of another one of the vendor
    try:
        base_url = surface.base_url if is_own else usable_address(address, has_key=bool(surface.credentials))
    except UnusableAddress as problem:
        raise _Refused(say("variable_address", name=" / ".join(surface.variables.address)) + problem.words) from problem
    return Given(
        source=f"{VARIABLES}:{provider.slug}/{surface.slug}",
        provider=provider,
        surface=surface,
        label=surface.label,
        base_url=base_url,
        credentials=credentials,
        origin=", ".join(names.values()),
    )


def _needed(surface: Surface | None, variables: Variables) -> list[str]:
    fields = surface.credentials if surface else ()
    return [one.name for one in fields if not one.optional and one.name in variables.credentials]


def _set_one(names: tuple[str, ...]) -> str | None:
    """Return the first of these variables that is set, itself or as a file."""
    return next((name for name in names if os.environ.get(name, "").strip() or os.environ.get(f"{name}_FILE")), None)


def _value(name: str) -> str:
    """Return the variable, or the content of the file that `NAME_FILE` names. Raise `_Refused` if that cannot be read or is empty."""
    path = os.environ.get(f"{name}_FILE")
    if not path:
        return os.environ.get(name, "").strip()
    try:
        if value := text_of_file(path).strip():
            return value
        raise Unreadable(path, "empty")
    except Unreadable as unreadable:
        raise _Refused(say("variable_file", name=f"{name}_FILE", path=unreadable.path, error=unreadable.error)) from unreadable


def _of_file(problems: list[Message]) -> Iterator[Given]:
    if not settings.ACCOUNTS_FILE:
        return
    entries, wrong = accounts_file.read(Path(settings.ACCOUNTS_FILE))
    problems.extend(wrong)
    for entry in entries:
        yield Given(
            source=f"{FILE}:{entry.provider.slug}/{entry.surface.slug}/{entry.name}",
            provider=entry.provider,
            surface=entry.surface,
            label=entry.name,
            base_url=entry.base_url,
            credentials=entry.credentials,
            origin=f"{settings.ACCOUNTS_FILE}:{entry.line}",
        )
