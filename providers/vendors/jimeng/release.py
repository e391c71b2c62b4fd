"""What the page says of its own release, which changes with any of them, so that each account may say it otherwise. Pure.

Undocumented by the vendor; as known on 2026-11-20.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from providers.core.base import CredentialField
from providers.core.errors import AuthenticationFailed

__all__ = ["RELEASE_FIELDS", "Release", "release_of"]


@dataclass(frozen=True, kw_only=True)
class Release:
    """`app_version` is signed too."""

    app_id: int
    app_version: str
    web_version: str
    draft_version: str


KNOWN = Release(app_id=513695, app_version="5.8.0", web_version="7.5.0", draft_version="3.3.9")


def _field(name: str, label: str, help_text: str) -> CredentialField:
    return CredentialField(name=name, label=label, secret=False, optional=True, help=help_text)


RELEASE_FIELDS = (
    _field("app_version", "App version", "The request header appvr; empty: 5.8.0."),
    _field("app_id", "App number", "The request header appid; empty: 513695."),
    _field("web_version", "Web version", "web_version in the address of a submit; empty: 7.5.0."),
    _field("draft_version", "Draft version", "da_version in the address of a submit; empty: 3.3.9."),
)
VERSION = re.compile(r"\d+(\.\d+){1,3}")


def release_of(said: Mapping[str, str]) -> Release:
    """The account's own, and what is known where it says nothing. Raises `AuthenticationFailed` for what cannot be meant."""
    app_id = said.get("app_id") or str(KNOWN.app_id)
    if not app_id.isdecimal():
        raise AuthenticationFailed("The account's app number must be digits alone, such as 513695.")
    return Release(
        app_id=int(app_id),
        app_version=_version(said, "app_version", KNOWN.app_version),
        web_version=_version(said, "web_version", KNOWN.web_version),
        draft_version=_version(said, "draft_version", KNOWN.draft_version),
    )


def _version(said: Mapping[str, str], name: str, known: str) -> str:
    version = said.get(name) or known
    if not VERSION.fullmatch(version):
        raise AuthenticationFailed(f"The account's {name.replace('_', ' ')} must be numbers with dots between, such as {known}.")
    return version
