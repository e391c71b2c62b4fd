"""Encrypts facts at rest with CREDENTIAL_KEYS (MultiFernet: the first key encrypts, all decrypt).

Fernet binds no context, so the facts themselves say what they are for; who opens them compares, or one row's text would do in another.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from django.conf import settings

__all__ = ["Unreadable", "seal", "unseal"]


class Unreadable(Exception):
    """The text is damaged, or none of the keys has encrypted it."""


def seal(facts: Mapping[str, Any]) -> str:
    """Encrypt the facts into the text to store."""
    return _fernet().encrypt(json.dumps(facts).encode()).decode()


def unseal(sealed: str) -> dict[str, Any]:
    """Return the facts. Raise `Unreadable`."""
    try:
        return dict(json.loads(_fernet().decrypt(sealed.encode())))
    except (InvalidToken, ValueError) as error:
        raise Unreadable from error


def _fernet() -> MultiFernet:
    return MultiFernet([Fernet(key) for key in settings.CREDENTIAL_KEYS])
