"""Secrets that sign what programs are told, as Standard Webhooks 1.0.0 says, by its own package.

A receiver verifies `webhook-signature`, an HMAC-SHA256 of id, time and body. While a secret rolls there are two signatures.
Source: github.com/standard-webhooks/standard-webhooks, spec/standard-webhooks.md (2026-11-29).
"""

from __future__ import annotations

import base64
import secrets
from datetime import UTC, datetime
from uuid import UUID

from standardwebhooks import Webhook

from providers.accounts.sealing import seal, unseal
from webhooks.models import Endpoint

__all__ = ["headers_of", "message_id", "new_secret", "put", "seconds", "secret_of", "values"]

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


def secret_of(endpoint: Endpoint) -> str:
    """Return the secret that signs now. Raise `SealBroken`."""
    return values(endpoint)["secret"]


def message_id(event_id: UUID) -> str:
    """Return what receivers know the event by, the same whenever and wherever it is sent. It has no dot: the signed text is split there."""
    return f"evt_{event_id.hex}"


def seconds(at: datetime) -> int:
    """Return the whole seconds since 1970 that `webhook-timestamp` carries."""
    return int(at.timestamp())


def headers_of(endpoint: Endpoint, event_id: UUID, body: str, at: datetime) -> dict[str, str]:
    """Return the three headers of one try, with a signature of the old secret too while it is valid. Raise `SealBroken`."""
    known, name, time = values(endpoint), message_id(event_id), at.astimezone(UTC)  # the package takes any zone's clock for UTC
    signing = [known["secret"]]
    if "previous" in known and endpoint.previous_until and endpoint.previous_until > at:
        signing.append(known["previous"])
    signatures = [Webhook(one).sign(name, time, body) for one in signing]
    return {"webhook-id": name, "webhook-timestamp": str(seconds(at)), "webhook-signature": " ".join(signatures)}
