"""Encrypts vendor credentials at rest. A wrong key, a damaged text or the text of another row raises `SealBroken`.

The account's id is inside the encrypted text, which could otherwise be copied into another row.
"""

from __future__ import annotations

from collections.abc import Mapping
from uuid import UUID

from cryptography.fernet import Fernet

from database import sealing
from providers.core.messages import say

__all__ = ["SealBroken", "is_key", "opens", "seal", "tail", "unseal"]


class SealBroken(Exception):
    """The credentials cannot be had: not decrypted, not given by the environment, or their vendor is no longer in the catalog; nothing may
    be sent.
    """

    def __init__(self, code: str, **facts: str) -> None:
        self.words = say(code, **facts)
        super().__init__(str(self.words))


def seal(account_id: UUID, credentials: Mapping[str, str]) -> str:
    """Encrypt the credentials of this account into the text to store."""
    return sealing.seal({"account": str(account_id), "credentials": dict(credentials)})


def unseal(account_id: UUID, sealed: str) -> dict[str, str]:
    """Decrypt this account's credentials. Raise `SealBroken`."""
    try:
        bound = sealing.unseal(sealed)
    except sealing.Unreadable as error:
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
    """Return the last four characters, by which people recognise a key; nothing of a short secret."""
    return f"…{secret[-4:]}" if len(secret) >= 12 else "…"
