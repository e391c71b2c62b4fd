"""Seals vendor credentials at rest. Fails closed: a wrong key, a damaged text or a text moved from another row raises `SealBroken`.

MultiFernet: the first key of CREDENTIAL_KEYS seals, all of them open. The account's id is inside the sealed text, because Fernet binds no
context and a row's text could otherwise be copied into another row.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from uuid import UUID

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from django.conf import settings

from providers.core.messages import say

__all__ = ["SealBroken", "is_key", "opens", "seal", "tail", "unseal"]


class SealBroken(Exception):
    """The credentials cannot be opened, or nothing here knows any more what they are for; nothing may be sent."""

    def __init__(self, code: str) -> None:
        self.words = say(code)
        super().__init__(str(self.words))


def seal(account_id: UUID, credentials: Mapping[str, str]) -> str:
    """The text to store for these credentials of this account."""
    bound = json.dumps({"account": str(account_id), "credentials": dict(credentials)})
    return _fernet().encrypt(bound.encode()).decode()


def unseal(account_id: UUID, sealed: str) -> dict[str, str]:
    """The credentials, if the text is whole, sealed with a key of ours, and this account's."""
    try:
        bound = json.loads(_fernet().decrypt(sealed.encode()))
    except (InvalidToken, ValueError) as error:
        raise SealBroken("seal_unreadable") from error
    if bound.get("account") != str(account_id):
        raise SealBroken("seal_of_another")
    return dict(bound["credentials"])


def opens(account_id: UUID, sealed: str) -> bool:
    """Return whether these credentials can be used."""
    try:
        unseal(account_id, sealed)
    except SealBroken:
        return False
    return True


def is_key(text: str) -> bool:
    """Return whether this can be an item of CREDENTIAL_KEYS."""
    try:
        Fernet(text)
    except ValueError:
        return False
    return True


def tail(secret: str) -> str:
    """The last four characters, for people to recognise a key by; short secrets show nothing."""
    return f"…{secret[-4:]}" if len(secret) >= 12 else "…"


def _fernet() -> MultiFernet:
    return MultiFernet([Fernet(key) for key in settings.CREDENTIAL_KEYS])
