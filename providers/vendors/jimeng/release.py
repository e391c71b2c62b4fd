"""What the page says of its own release: numbers and names that change with any of them, so that each account may say them otherwise. Pure.

Undocumented by the vendor; as known on 2026-11-20.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace

from providers.core.base import CredentialField
from providers.core.errors import AuthenticationFailed
from providers.vendors.jimeng.catalog import WIRE_KEYS, WireKeys

__all__ = ["RELEASE_FIELDS", "Release", "release_of"]


@dataclass(frozen=True, kw_only=True)
class Release:
    """`app_version` is signed too; `keys` are the models' names on the wire."""

    app_id: int
    app_version: str
    web_version: str
    draft_version: str
    keys: Mapping[str, WireKeys]


KNOWN = Release(app_id=513695, app_version="5.8.0", web_version="7.5.0", draft_version="3.3.9", keys=WIRE_KEYS)


def _field(name: str, label: str, help_text: str) -> CredentialField:
    return CredentialField(name=name, label=label, secret=False, optional=True, help=help_text)


RELEASE_FIELDS = (
    _field("app_version", "App version", "The request header appvr; empty: 5.8.0."),
    _field("app_id", "App number", "The request header appid; empty: 513695."),
    _field("web_version", "Web version", "web_version in the address of a submit; empty: 7.5.0."),
    _field("draft_version", "Draft version", "da_version in the address of a submit; empty: 3.3.9."),
    _field(
        "model_keys",
        "Model keys",
        "Where the page's names differ: MODEL=model_req_key:benefit_type, with spaces between models. Either name may be left out.",
    ),
)
VERSION = re.compile(r"\d+(\.\d+){1,3}")
OTHER_KEYS = re.compile(r"(?P<id>[^\s=]+)=(?P<model>\w[\w.-]*)?:(?P<benefit>\w[\w.-]*)?")


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
        keys=_keys(said.get("model_keys", "")),
    )


def _version(said: Mapping[str, str], name: str, known: str) -> str:
    version = said.get(name) or known
    if not VERSION.fullmatch(version):
        raise AuthenticationFailed(f"The account's {name.replace('_', ' ')} must be numbers with dots between, such as {known}.")
    return version


def _keys(text: str) -> Mapping[str, WireKeys]:
    keys = dict(KNOWN.keys)
    for word in text.split():
        found = OTHER_KEYS.fullmatch(word)
        if found is None or found["id"] not in keys:
            raise AuthenticationFailed(
                "The account's model keys must look like jimeng-video-3.0=model_req_key:benefit_type, with a model of ours."
            )
        known = keys[found["id"]]
        keys[found["id"]] = replace(known, model=found["model"] or known.model, benefit=found["benefit"] or known.benefit)
    return keys
