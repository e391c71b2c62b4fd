"""Checks addresses and credentials of accounts, wherever they come from: a form, a variable, the accounts file."""

from __future__ import annotations

import errno
import os
from pathlib import Path
from urllib.parse import urlsplit

from providers.core.messages import Message, say
from providers.core.network import leads_to_metadata

__all__ = ["Unreadable", "UnusableAddress", "is_header_text", "text_of_file", "usable_address"]

LOOPBACK = {"127.0.0.1", "localhost", "::1"}
LONGEST_ADDRESS = 300
MOST_BYTES = 1024 * 1024


class UnusableAddress(Exception):
    """No account may have this base URL; `words` say why."""

    def __init__(self, words: Message) -> None:
        self.words = words
        super().__init__(str(words))


def usable_address(url: str, *, has_key: bool) -> str:
    """Return the base URL without its last slashes. Raise `UnusableAddress`, also for plain http that would expose a key."""
    url = url.rstrip("/")
    if len(url) > LONGEST_ADDRESS or " " in url or not url.isprintable():  # `urlsplit` passes over a line break
        raise UnusableAddress(say("address_unfit", most=LONGEST_ADDRESS))
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
    if parts.scheme == "http" and has_key and parts.hostname not in LOOPBACK:
        raise UnusableAddress(say("address_not_https"))
    return url


def is_header_text(value: str) -> bool:
    """Return whether a credential can travel in a header."""
    return value.isascii() and value.isprintable()


class Unreadable(Exception):
    """A file without a usable text. `path` is “…” where it may be the secret itself."""

    def __init__(self, path: str, error: str) -> None:
        self.path, self.error = path if Path(path).is_absolute() else "…", error
        super().__init__(error)


def text_of_file(path: str) -> str:
    """Return the text of a small file. Raise `Unreadable`."""
    try:
        with Path(path).open("rb") as file:
            content = file.read(MOST_BYTES + 1)
        if len(content) > MOST_BYTES:
            raise OSError(errno.EFBIG, os.strerror(errno.EFBIG))
        return content.decode("utf-8-sig")  # editors on Windows begin with a mark
    except OSError as error:
        raise Unreadable(path, error.strerror or type(error).__name__) from error
    except ValueError as error:  # not UTF-8, or a path that no system has
        raise Unreadable(path, type(error).__name__) from error
