"""Which addresses and credentials an account may have, wherever they come from: a form, a variable, the accounts file."""

from __future__ import annotations

from urllib.parse import urlsplit

from providers.core.base import Surface
from providers.core.messages import Message, say
from providers.core.network import leads_to_metadata

__all__ = ["UnusableAddress", "is_header_text", "usable_address"]

LOOPBACK = {"127.0.0.1", "localhost", "::1"}


class UnusableAddress(Exception):
    """No account may have this base URL; `words` say why."""

    def __init__(self, words: Message) -> None:
        self.words = words
        super().__init__(str(words))


def usable_address(url: str, surface: Surface) -> str:
    """Return the base URL without its last slashes. Raise `UnusableAddress`."""
    url = url.rstrip("/")
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        raise UnusableAddress(say("address_port")) from None
    if port == 0:
        raise UnusableAddress(say("address_port"))
    if parts.username or parts.password or parts.query or parts.fragment:
        raise UnusableAddress(say("address_alone"))
    if parts.scheme not in {"http", "https"} or not parts.hostname:
        raise UnusableAddress(say("address_scheme"))
    if leads_to_metadata(parts.hostname):
        raise UnusableAddress(say("address_metadata"))
    if parts.scheme == "http" and surface.credentials and parts.hostname not in LOOPBACK:
        raise UnusableAddress(say("address_not_https"))
    return url


def is_header_text(value: str) -> bool:
    """Return whether a credential can travel in a header."""
    return value.isascii() and value.isprintable()
