"""Reads settings from the environment, and secrets from files written once on the first run."""

from __future__ import annotations

import json
import os
import secrets
from collections.abc import Callable, Sequence
from datetime import timedelta
from pathlib import Path

__all__ = ["DAYS", "BadSetting", "boolean", "choice", "currency", "first_run_secret", "integer", "items", "kept_for", "mapping", "text"]

DAYS = range(36_501)
"""How long something may be kept: a hundred years at most, so that every date exists."""
CODE_CHARS = 3
"""Of a currency."""


class BadSetting(Exception):
    """An environment variable with a wrong value; the message names it and the allowed values."""


def text(name: str, default: str = "") -> str:
    """Return the variable, or the content of the file that `NAME_FILE` names."""
    path = os.environ.get(f"{name}_FILE")
    if path:
        return Path(path).read_text(encoding="utf-8").strip()
    return os.environ.get(name, default)


def boolean(name: str, *, default: bool) -> bool:
    """Return a switch: `True` or `False`. Raises `BadSetting` for any other spelling."""
    value = text(name, str(default))
    if value not in {"True", "False"}:
        raise BadSetting(f"{name} is “{value}”; write True or False.")
    return value == "True"


def choice(name: str, allowed: Sequence[str]) -> str:
    """Return one of the allowed values; the first is the default. Raises `BadSetting` for any other."""
    value = text(name, allowed[0])
    if value not in allowed:
        raise BadSetting(f"{name} is “{value}”; write {', '.join(allowed[:-1])} or {allowed[-1]}.")
    return value


def integer(name: str, default: int, *, within: range | None = None) -> int:
    """Return a whole number, or raise `BadSetting`."""
    value = text(name, str(default))
    try:
        number = int(value)
    except ValueError as error:
        raise BadSetting(f"{name} is “{value}”; write a whole number.") from error
    if within and number not in within:
        raise BadSetting(f"{name} is “{value}”; write a number from {within[0]} to {within[-1]}.")
    return number


def currency(name: str, default: str) -> str:
    """Return a code of ISO 4217, or raise `BadSetting`."""
    value = text(name, default)
    if not (len(value) == CODE_CHARS and value.isascii() and value.isalpha() and value.isupper()):
        raise BadSetting(f"{name} is “{value}”; write a currency's three letters, such as CNY or USD.")
    return value


def kept_for(name: str, default: int) -> timedelta | None:
    """Return for how many days something is kept; None, for 0, is for ever. Raises `BadSetting`."""
    value = integer(name, default, within=DAYS)
    return timedelta(days=value) if value else None


def items(name: str, default: str = "") -> list[str]:
    """Return the items of a comma-separated list, without blanks."""
    return [item.strip() for item in text(name, default).split(",") if item.strip()]


def mapping(name: str) -> dict[str, str]:
    """Return a JSON object of texts, or raise `BadSetting`."""
    value = text(name) or "{}"
    try:
        found = json.loads(value)
    except ValueError:
        found = None
    if not isinstance(found, dict) or not all(isinstance(item, str) for item in found.values()):
        raise BadSetting(f'{name} is not a JSON object of texts; write one, such as {{"Cache-Control": "private"}}.')
    return found


def first_run_secret(path: Path, make: Callable[[], str]) -> str:
    """Return the secret in `path` (mode 0600). Of any number of processes that start at once exactly one makes it."""
    try:
        return path.read_text(encoding="utf-8").strip()
    except FileNotFoundError:
        pass
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    draft = path.with_name(f"{path.name}.{secrets.token_hex(8)}")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        file.write(make())
        file.flush()
        os.fsync(file.fileno())
    try:
        os.link(draft, path)  # atomic; fails if another process was first
    except FileExistsError:
        pass
    finally:
        draft.unlink()
    return path.read_text(encoding="utf-8").strip()
