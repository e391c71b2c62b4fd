"""Secrets that sign the requests to programs, as Standard Webhooks 1.0.0 says, by its own package.

A receiver verifies `webhook-signature`, an HMAC-SHA256 of id, time and body. While a secret rolls, the older ones sign too.
Source: github.com/standard-webhooks/standard-webhooks, spec/standard-webhooks.md (2026-11-29).
"""

from __future__ import annotations

import base64
import secrets
from datetime import UTC, datetime
from uuid import UUID

from standardwebhooks import Webhook

from providers.accounts.sealing import opens, seal, unseal
from webhooks.models import Endpoint, Kind

__all__ = ["headers_of", "is_readable", "message_id", "new_secret", "put", "signing_at", "values"]

PREFIX = "whsec_"
SECRET_BYTES = 32
"""The specification asks for 24 to 64."""


def new_secret() -> str:
    """Return a fresh secret in the form that the libraries of receivers take."""
    return PREFIX + base64.b64encode(secrets.token_bytes(SECRET_BYTES)).decode()


def put(endpoint: Endpoint, **secret_values: str) -> None:
    """Encrypt the endpoint's secrets into its row, which the caller saves."""
    endpoint.sealed = seal(endpoint.pk, {name: value for name, value in secret_values.items() if value})


def values(endpoint: Endpoint) -> dict[str, str]:
    """Return the endpoint's secrets. Raise `SealBroken`."""
    return unseal(endpoint.pk, endpoint.sealed)


def is_readable(endpoint: Endpoint) -> bool:
    """Return whether the endpoint's secrets can be decrypted. A mailbox has none."""
    return endpoint.kind == Kind.EMAIL or opens(endpoint.pk, endpoint.sealed)


def signing_at(endpoint: Endpoint, at: datetime) -> list[str]:
    """Return the secrets that sign at this time, the newest first. Raise `SealBroken`."""
    known = values(endpoint)
    overlaps = endpoint.previous_until is not None and endpoint.previous_until > at
    return [known["secret"], *(known.get("previous", "").split() if overlaps else ())]


def message_id(event_id: UUID) -> str:
    """Return the id by which receivers recognize the event, the same in every try. It has no dot: the signed text is split at dots."""
    return f"evt_{event_id.hex}"


def headers_of(endpoint: Endpoint, event_id: UUID, body: str, at: datetime) -> dict[str, str]:
    """Return the three headers of one try, with a signature by each secret that signs at this time. Raise `SealBroken`."""
    name, time = message_id(event_id), at.astimezone(UTC)  # the package takes any zone's clock for UTC
    signatures = [Webhook(one).sign(name, time, body) for one in signing_at(endpoint, at)]
    return {"webhook-id": name, "webhook-timestamp": str(int(at.timestamp())), "webhook-signature": " ".join(signatures)}
