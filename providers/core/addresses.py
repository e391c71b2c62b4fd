"""Public addresses as values of options: a clip or a sound that the vendor fetches itself. Only their form is checked."""

from __future__ import annotations

import ipaddress
from typing import Annotated
from urllib.parse import urlsplit

from pydantic import AfterValidator, Field

from providers.core.network import is_public

__all__ = ["MAX_ADDRESS_CHARS", "NOT_PUBLIC", "Address", "OptionalAddress"]

MAX_ADDRESS_CHARS = 2_000
NOT_PUBLIC = "Write a public address that begins with http:// or https://."
HOME_NAMES = frozenset({"internal", "lan", "local", "localhost"})
"""Last parts of names that only a local network resolves."""


def _public(text: str) -> str:
    if not _is_public_address(text):
        raise ValueError(NOT_PUBLIC)
    return text


def _is_public_address(text: str) -> bool:
    try:
        parts = urlsplit(text)
        host, _port = parts.hostname or "", parts.port
    except ValueError:
        return False
    printable = text.isprintable() and " " not in text
    return printable and parts.scheme in {"http", "https"} and "@" not in parts.netloc and _is_public_host(host)


def _is_public_host(host: str) -> bool:
    try:
        return "%" not in host and is_public(ipaddress.ip_address(host))
    except ValueError:
        labels = host.rstrip(".").split(".")
        return len(labels) > 1 and all(labels) and labels[-1] not in HOME_NAMES and not labels[-1][0].isdecimal()


_URI = Field(max_length=MAX_ADDRESS_CHARS, json_schema_extra={"format": "uri"})
Address = Annotated[str, AfterValidator(_public), _URI]
"""An http or https address that a vendor can reach: no internal host, no name and password in it."""
OptionalAddress = Annotated[str, AfterValidator(lambda text: _public(text) if text else text), Field(max_length=MAX_ADDRESS_CHARS)]
"""The same, or nothing."""
