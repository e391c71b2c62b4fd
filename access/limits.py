"""`Limits`: what a token may do, as a value. The one declaration of the rules for page, API, admin and command."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, fields
from typing import Any

from django.db import models
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from access.scopes import Scope

__all__ = ["Limits", "Only", "WrongLimits", "allows_address", "narrower"]

MOST_PER_MINUTE = 100_000
MOST_NETWORKS, MOST_MODELS = 50, 200
MODEL = re.compile(r"[a-z0-9_-]{1,40}/[^\s/\x00][^\s\x00]{0,78}")
Network = ipaddress.IPv4Network | ipaddress.IPv6Network


class Only(models.TextChoices):
    """Where the orders of a token may be rendered, if not everywhere."""

    SANDBOX = "sandbox", gettext_lazy("Only in the sandbox: never costs anything")
    LOCAL = "local", gettext_lazy("Stays local: only accounts on our own machines")


class WrongLimits(ValueError):
    """The limits cannot be used; `fields` says by name what is wrong with each."""

    def __init__(self, wrong: Mapping[str, str]) -> None:
        super().__init__("; ".join(f"{name}: {words}" for name, words in wrong.items()))
        self.fields = dict(wrong)


@dataclass(frozen=True, kw_only=True)
class Limits:
    """The fields have the names of `ApiToken`'s columns. Without arguments it limits nothing.

    `models_allowed` and `networks` (CIDR) are sorted; empty means any. `rate_per_minute` is None without a limit, `only` "" or an `Only`.
    `cache` limits nothing: orders that do not say whether a stored video will do are answered with one.
    """

    scopes: tuple[str, ...] = tuple(Scope.values)
    models_allowed: tuple[str, ...] = ()
    networks: tuple[str, ...] = ()
    rate_per_minute: int | None = None
    only: str = ""
    cache: bool = False

    def as_columns(self) -> dict[str, Any]:
        """Return the values of the columns."""
        return {name: list(value) if isinstance(value, tuple) else value for name, value in self._items()}

    def _items(self) -> list[tuple[str, Any]]:
        return [(field.name, getattr(self, field.name)) for field in fields(self)]

    @classmethod
    def checked(
        cls,
        *,
        scopes: Iterable[str],
        models_allowed: Iterable[str] = (),
        networks: Iterable[str] = (),
        rate_per_minute: int | None = None,
        only: str = "",
        cache: bool = False,
        known_models: Collection[str] | None = None,
    ) -> Limits:
        """Return the limits in their stored form. Raise `WrongLimits`. `known_models` are the names that the catalog has."""
        asked, names, wrong = set(scopes), sorted({name.strip() for name in models_allowed} - {""}), {}
        if not asked or not asked.issubset(Scope.values):
            wrong["scopes"] = _("Choose at least one of: %(names)s.") % {"names": ", ".join(Scope.values)}
        strange = [name for name in names if not MODEL.fullmatch(name) or (known_models is not None and name not in known_models)]
        if strange:
            wrong["models_allowed"] = _("There is no model “%(model)s”. The list of models is at /api/v1/models.") % {
                "model": strange[0][:100]
            }
        elif len(names) > MOST_MODELS:
            wrong["models_allowed"] = _("At most %(most)d models.") % {"most": MOST_MODELS}
        found: set[Network] = set()
        for text in networks:
            try:
                found |= {ipaddress.ip_network(text.strip(), strict=False)} if text.strip() else set()
            except ValueError:
                wrong["networks"] = _("“%(text)s” is not an IP address or network. Write 192.0.2.7, 10.0.0.0/8 or 2001:db8::/32.") % {
                    "text": text.strip()[:60]
                }
        if len(found) > MOST_NETWORKS:
            wrong["networks"] = _("At most %(most)d networks.") % {"most": MOST_NETWORKS}
        if rate_per_minute is not None and not 1 <= rate_per_minute <= MOST_PER_MINUTE:
            wrong["rate_per_minute"] = _("A whole number from 1 to %(most)d, or nothing.") % {"most": MOST_PER_MINUTE}
        if only and only not in Only.values:
            wrong["only"] = _("Choose one of: %(names)s.") % {"names": ", ".join(Only.values)}
        if wrong:
            raise WrongLimits(wrong)
        return cls(
            scopes=tuple(scope for scope in Scope.values if scope in asked),
            models_allowed=tuple(names),
            networks=tuple(str(network) for network in sorted(found, key=lambda network: (network.version, network))),
            rate_per_minute=rate_per_minute,
            only=only,
            cache=cache,
        )


def narrower(limits: Limits, than: Limits) -> dict[str, str]:
    """Return what is wrong with these limits for a token that is made or changed with another: nothing if it can do no more than that."""
    models = set(limits.models_allowed)
    in_any = all(_lies_in(network, than.networks) for network in limits.networks)
    wider = {
        "scopes": not set(limits.scopes).issubset(than.scopes),
        "models_allowed": bool(than.models_allowed) and not (limits.models_allowed and models <= set(than.models_allowed)),
        "networks": bool(than.networks) and not (limits.networks and in_any),
        "rate_per_minute": than.rate_per_minute is not None and (limits.rate_per_minute or MOST_PER_MINUTE + 1) > than.rate_per_minute,
        "only": bool(than.only) and limits.only != than.only,
    }
    return {name: _("This token cannot give more than it has.") for name, is_wider in wider.items() if is_wider}


def _lies_in(network: str, others: Iterable[str]) -> bool:
    inner = ipaddress.ip_network(network)
    outers = [ipaddress.ip_network(other) for other in others]
    return any(inner.version == outer.version and inner.subnet_of(outer) for outer in outers)  # type: ignore[arg-type]


def allows_address(networks: Collection[str], ip: str) -> bool:
    """Return whether a request from this address is in one of the networks, or there are none. An unknown address is in none."""
    if not networks:
        return True
    try:
        address = ipaddress.ip_address(ip)
    except ValueError:
        return False
    address = getattr(address, "ipv4_mapped", None) or address  # a socket for both families names IPv4 callers so
    return any(address in ipaddress.ip_network(network) for network in networks)
