"""The address, credentials and limits of Jimeng's web site, and the release of the page that an account sends. Data.

Undocumented by the vendor; as known on 2026-11-20.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from providers.core.base import CredentialField, Limits, Sandbox, Surface, by_slug
from providers.core.errors import AuthenticationFailed
from providers.vendors.jimeng.catalog import WIRE_KEYS

__all__ = ["SITE", "SURFACES", "Release", "release_of"]

SITE = "https://jimeng.jianying.com"
VERSION = re.compile(r"\d+(\.\d+){1,3}")


@dataclass(frozen=True, kw_only=True)
class Release:
    """What the page says of its own release. It changes often, so each account may set another. `app_version` is signed too."""

    app_id: int
    app_version: str
    web_version: str
    draft_version: str


KNOWN = Release(app_id=513695, app_version="8.4.0", web_version="7.5.0", draft_version="3.3.9")


def _field(name: str, label: str, help_text: str) -> CredentialField:
    return CredentialField(name=name, label=label, secret=False, optional=True, help=help_text)


RELEASE_FIELDS = (
    _field("app_version", "App version", "The request header appvr; empty: 8.4.0."),
    _field("app_id", "App number", "The request header appid; empty: 513695."),
    _field("web_version", "Web version", "web_version in the address of a submit; empty: 7.5.0."),
    _field("draft_version", "Draft version", "da_version in the address of a submit; empty: 3.3.9."),
)
SURFACES = by_slug(
    Surface(
        slug="web",
        label="Jimeng web site, unofficial",
        base_url=SITE,
        credentials=(
            CredentialField(name="cookie", label="Cookie of a signed-in browser; its sessionid is enough"),
            CredentialField(name="sign", label="Sign: computed, none, or 32 characters captured in the browser", secret=False),
            *RELEASE_FIELDS,
        ),
        help=(
            "Not an API that the vendor offers: it may stop working any day. The site renders one video at a time. "
            "A model's name there is its model_req_key; its benefit_type may follow after a colon."
        ),
        names={model: keys.model for model, keys in WIRE_KEYS.items()},
        takes_names=True,
        limits=Limits(max_in_flight=1, polls_per_second=2),
        sandbox=Sandbox(path="/hosts/jimeng", credentials={"cookie": "sessionid=sim-session-000000000000", "sign": "computed"}),
    )
)


def release_of(said: Mapping[str, str]) -> Release:
    """Return the account's own release, with what is known where it says nothing. Raises `AuthenticationFailed` for impossible values."""
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
