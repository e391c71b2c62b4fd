"""Reads settings from the environment, and secrets from files written once on the first run."""

from __future__ import annotations

import os
import secrets
from collections.abc import Callable
from pathlib import Path

__all__ = ["boolean", "first_run_secret", "integer", "items", "text"]


class BadSetting(Exception):
    """An environment variable holds a value that we cannot use; the message says which and what would do."""


def text(name: str, default: str = "") -> str:
    """The variable, or the content of the file that `NAME_FILE` points to."""
    path = os.environ.get(f"{name}_FILE")
    if path:
        return Path(path).read_text(encoding="utf-8").strip()
    return os.environ.get(name, default)


def boolean(name: str, *, default: bool) -> bool:
    """True or False, spelled so; anything else is a mistake worth stopping for."""
    value = text(name, str(default))
    if value not in {"True", "False"}:
        raise BadSetting(f"{name} is “{value}”; write True or False.")
    return value == "True"


def integer(name: str, default: int) -> int:
    """A whole number."""
    value = text(name, str(default))
    try:
        return int(value)
    except ValueError as error:
        raise BadSetting(f"{name} is “{value}”; write a whole number.") from error


def items(name: str, default: str = "") -> list[str]:
    """A comma-separated list, blanks dropped."""
    return [item.strip() for item in text(name, default).split(",") if item.strip()]


def first_run_secret(path: Path, make: Callable[[], str]) -> str:
    """The secret in `path` (mode 0600), made by exactly one of any number of processes that start at once."""
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
        os.link(draft, path)  # atomic and refused when another process was first
    except FileExistsError:
        pass
    finally:
        draft.unlink()
    return path.read_text(encoding="utf-8").strip()
