"""Reads the file of accounts, PORTAL_ACCOUNTS_FILE: TOML, or JSON if its name ends with .json. Each table is an account.

    ["The studio's account"]
    vendor = "..."
    surface = "..."                       # the vendor's first, if there is none
    base_url = "https://..."              # the surface's own, if there is none
    access_key = "env:STUDIO_ACCESS_KEY"  # credentials by the names of the surface
    secret_key = "file:/run/secrets/studio_secret_key"

An entry that cannot be used is left out and reported with its line; the others count.
"""

from __future__ import annotations

import json
import os
import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from providers.accounts.base_urls import Unreadable, UnusableAddress, is_header_text, text_of_file, usable_address
from providers.core.base import Provider, Surface
from providers.core.messages import Message, say
from providers.vendors import PROVIDERS

__all__ = ["Entry", "read"]

LONGEST_NAME = 100
OWN_KEYS = ("vendor", "surface", "base_url")


@dataclass(frozen=True, kw_only=True)
class Entry:
    """An account of the file, and the line where it begins."""

    name: str
    provider: type[Provider]
    surface: Surface
    base_url: str
    credentials: Mapping[str, str] = field(repr=False)
    line: int


class _Wrong(Exception):
    """A key of an entry that cannot be used. An empty key means the entry itself."""

    def __init__(self, key: str, words: Message) -> None:
        self.key, self.words = key, words
        super().__init__(str(words))


def read(path: Path) -> tuple[list[Entry], list[Message]]:
    """Return the accounts, and a message with a line for each thing that is wrong."""
    try:
        text = text_of_file(str(path.absolute()))
    except Unreadable as unreadable:
        return [], [say("file_unreadable", path=unreadable.path, error=unreadable.error)]
    is_json = path.suffix.lower() == ".json"
    try:
        tables = json.loads(text, object_pairs_hook=_without_repeats) if is_json else tomllib.loads(text)
        json.dumps(tables, ensure_ascii=False, default=str).encode()  # half a surrogate pair could not be shown
    except (ValueError, RecursionError) as error:  # both parsers' errors are ValueErrors
        return [], [_at(_line_of_error(error, text)) + say("file_syntax", format="JSON" if is_json else "TOML", error=_gist(error))]
    if not isinstance(tables, dict):
        return [], [_at(1) + say("file_no_tables")]
    entries, problems = [], []
    for name, table in tables.items():
        try:
            entries.append(_entry(name, table, _line_of(text, name)))
        except _Wrong as wrong:
            problems.append(_at(_line_of(text, name, wrong.key)) + wrong.words)
    return entries, problems


def _entry(name: str, table: Any, line: int) -> Entry:
    if not isinstance(table, dict):
        raise _Wrong("", say("file_no_tables"))
    if not name.strip() or len(name) > LONGEST_NAME or not name.isprintable():
        raise _Wrong("", say("file_name", most=LONGEST_NAME))
    provider = _choice(table, "vendor", PROVIDERS)
    surface = _choice(table, "surface", provider.surfaces, default=next(iter(provider.surfaces)))
    fields = [one.name for one in surface.credentials]
    for key in table:
        if key not in (*OWN_KEYS, *fields):
            raise _Wrong(key, say("file_unknown_key", key=key, known=", ".join([*OWN_KEYS, *fields])))
    credentials = {key: value for key in fields if key in table and (value := _secret(key, _text(table, key)))}
    for one in surface.credentials:
        if not one.optional and one.name not in credentials:
            raise _Wrong(one.name if one.name in table else "", say("file_missing_key", key=one.name))
    address = _text(table, "base_url") if "base_url" in table else surface.base_url
    try:
        base_url = usable_address(address, has_key=bool(surface.credentials))
    except UnusableAddress as problem:
        raise _Wrong("base_url" if "base_url" in table else "", say("file_address", key="base_url") + problem.words) from problem
    return Entry(name=name, provider=provider, surface=surface, base_url=base_url, credentials=credentials, line=line)


def _choice(table: Mapping[str, Any], key: str, known: Mapping[str, Any], default: str | None = None) -> Any:
    if key not in table and default is None:
        raise _Wrong("", say("file_missing_key", key=key))
    value = _text(table, key) if key in table else str(default)
    if value not in known:
        raise _Wrong(key, say("file_unknown_value", key=key, value=value[:80], known=", ".join(known)))
    return known[value]


def _text(table: Mapping[str, Any], key: str) -> str:
    if not isinstance(table[key], str):
        raise _Wrong(key, say("file_no_text", key=key))
    return str(table[key]).strip()


def _secret(key: str, said: str) -> str:
    """Return what the text means: `env:NAME` a variable, `file:PATH` a file's content, anything else itself. The error does not show it."""
    kind, _, rest = said.partition(":")
    value = said
    if kind == "env":
        value = os.environ.get(rest, "").strip()
        if not value:
            raise _Wrong(key, say("file_variable", name=rest if rest.isidentifier() else "…"))  # it may be the secret itself
    elif kind == "file":
        try:
            value = text_of_file(rest).strip()
        except Unreadable as unreadable:
            raise _Wrong(key, say("file_secret", path=unreadable.path, error=unreadable.error)) from unreadable
    if not is_header_text(value):
        raise _Wrong(key, say("file_unfit", key=key))
    return value


def _without_repeats(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    table = dict(pairs)
    if len(table) != len(pairs):
        names = [name for name, _ in pairs]
        raise ValueError("named twice: " + next(name for name in names if names.count(name) > 1))
    return table


def _at(line: int) -> Message:
    return say("file_line", line=line)


def _line_of_error(error: Exception, text: str) -> int:
    if isinstance(error, json.JSONDecodeError):
        return error.lineno
    if found := re.search(r"at line (\d+)", str(error)):
        return int(found[1])
    return text.count("\n") + 1 if "end of document" in str(error) else 1


def _gist(error: Exception) -> str:
    """Return the parser's words without the place, and without words of the file, which may be a secret."""
    words = error.msg if isinstance(error, json.JSONDecodeError) else str(error)
    return re.sub(r"['\"].*['\"]", "…", words.partition(" (at ")[0])[:200]


def _line_of(text: str, name: str, key: str = "") -> int:
    """Return the line of the entry, or of its key; as near as a search finds it, because neither parser keeps lines."""
    lines = text.splitlines()
    begins = re.compile(rf"""[\[{{,\s"']*{re.escape(name)}["']?\s*[\]=:]""")
    first = next((number for number, line in enumerate(lines, start=1) if begins.match(line)), 1)
    if not key:
        return first
    holds = re.compile(rf"""(?:^|[\s{{,"']){re.escape(key)}["']?\s*[=:]""")
    return next((number for number, line in enumerate(lines[first - 1 :], start=first) if holds.search(line)), first)
