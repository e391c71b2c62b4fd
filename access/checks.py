"""Checks the settings of a portal that other machines can reach: host names, proxies, the sign-in. And the currency of its budgets."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.core.checks import CheckMessage, Error, Tags, register
from django.core.checks import Warning as Caution
from django.db import DatabaseError

__all__ = ["refuse_to_start"]


@register(Tags.security)
def hosts_and_proxies(app_configs: object, **kwargs: Any) -> list[CheckMessage]:  # noqa: ARG001
    """Report settings with which the web process does not start."""
    found: list[CheckMessage] = []
    if settings.DEBUG and "*" in settings.ALLOWED_HOSTS:
        hint = "Name the hosts in PORTAL_HOSTS, or set PORTAL_DEBUG=False."
        found.append(Error("PORTAL_DEBUG is True and PORTAL_HOSTS is “*”: debug pages for everybody.", hint=hint, id="access.E001"))
    if settings.BEHIND_HTTPS and not settings.TRUSTED_PROXIES:
        hint = "Name the proxy's address or network, such as 10.0.0.5 or 172.16.0.0/12, in PORTAL_TRUSTED_PROXIES."
        words = "PORTAL_HTTPS is True and PORTAL_TRUSTED_PROXIES is empty: every request would be redirected to https for ever."
        found.append(Error(words, hint=hint, id="access.E002"))
    for network in settings.TRUSTED_PROXIES:
        try:
            ipaddress.ip_network(network, strict=False)
        except ValueError:
            hint = "Write an address or a network, such as 10.0.0.5 or 172.16.0.0/12."
            found.append(Error(f"PORTAL_TRUSTED_PROXIES has “{network}”, which is not an address.", hint=hint, id="access.E003"))
    return found


@register(Tags.security, deploy=True)
def any_host(app_configs: object, **kwargs: Any) -> list[CheckMessage]:  # noqa: ARG001
    """Warn, in `check --deploy`, of a portal that answers to every host name."""
    if "*" in settings.ALLOWED_HOSTS:
        return [Caution("PORTAL_HOSTS is “*”: links may name any host.", hint="Name the hosts that people use.", id="access.W001")]
    return []


@register(Tags.security, deploy=True)
def second_factors(app_configs: object, **kwargs: Any) -> list[CheckMessage]:  # noqa: ARG001
    """Warn, in `check --deploy`, of a portal whose administrators may sign in with a password alone."""
    if settings.REQUIRE_SECOND_FACTOR == "nobody":
        hint = "Set PORTAL_REQUIRE_SECOND_FACTOR to staff or everyone."
        return [Caution("A password alone opens the admin and its money.", hint=hint, id="access.W002")]
    return []


@register(Tags.security)
def single_sign_on(app_configs: object, **kwargs: Any) -> list[CheckMessage]:  # noqa: ARG001
    """Report a provider that is named by half, or whom anybody between could imitate."""
    found: list[CheckMessage] = []
    apps: list[dict[str, Any]] = settings.SOCIALACCOUNT_PROVIDERS["openid_connect"]["APPS"]
    for app in apps:
        if not (app["client_id"] and app["secret"]):
            hint = "Set PORTAL_OIDC_CLIENT_ID and PORTAL_OIDC_CLIENT_SECRET, as the provider gave them."
            found.append(Error("PORTAL_OIDC_ISSUER is set without the client's id and secret.", hint=hint, id="access.E005"))
        issuer = urlsplit(app["settings"]["server_url"])
        if issuer.scheme != "https" and issuer.hostname not in {"localhost", "127.0.0.1"}:
            words = "PORTAL_OIDC_ISSUER is not an https address: anybody on the network path could sign in as any person."
            found.append(Error(words, hint="Write the provider's https address.", id="access.E006"))
    return found


@register(Tags.database)
def currency_of_budgets(app_configs: object, databases: Iterable[str] | None = None, **kwargs: Any) -> list[CheckMessage]:  # noqa: ARG001
    """Report a portal's currency that differs from that in which its budgets were made: their sums would mean nothing."""
    from access.ledger_models import Budget  # apps are loaded by now

    try:
        other = Budget.objects.exclude(currency=settings.CURRENCY).values_list("currency", flat=True).first() if databases else None
    except DatabaseError:  # before the first migration
        return []
    if other is None:
        return []
    hint = f"Set PORTAL_CURRENCY={other}, or delete the budgets first and make them again."
    return [Error(f"PORTAL_CURRENCY is {settings.CURRENCY}, but there are budgets in {other}.", hint=hint, id="access.E004")]


def refuse_to_start(addresses: Iterable[object]) -> None:
    """Raise SystemExit with the reason when the web process must not listen at these (host, port) pairs."""
    reasons = [f"{error.msg} {error.hint}" for error in (*hosts_and_proxies(None), *single_sign_on(None))]
    if any(_is_public(address) for address in addresses):
        if settings.DEBUG:
            reasons.append("PORTAL_DEBUG is True: bind to 127.0.0.1, or set it to False.")
        if "*" in settings.ALLOWED_HOSTS:
            reasons.append("PORTAL_HOSTS is “*”: bind to 127.0.0.1, or name the hosts.")
    if reasons:
        raise SystemExit("The web process does not start. " + " ".join(reasons))


def _is_public(address: object) -> bool:
    """Return whether other machines can reach this address. A path is a Unix socket, which they cannot."""
    if not isinstance(address, tuple):
        return False
    host = str(address[0])
    try:
        return not ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host != "localhost"
