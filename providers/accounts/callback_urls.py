"""The addresses that vendors call back: one for each account, whose last part cannot be guessed and is not stored.

The part is an HMAC over vendor and account under SECRET_KEY. A person who has it can only make the portal poll a vendor sooner.
"""

from __future__ import annotations

import base64
import ipaddress
from urllib.parse import urlsplit

from django.conf import settings
from django.urls import reverse
from django.utils.crypto import constant_time_compare, salted_hmac

from providers.accounts.models import ProviderAccount

__all__ = ["UnusableUrl", "callback_url", "calls_back", "is_callback_key", "is_on_this_machine", "require_usable"]

SALT = "providers.callbacks"  # part of every address that a vendor was given: do not change it with the module's name


class UnusableUrl(Exception):
    """PORTAL_PUBLIC_URL cannot be given to vendors; the message says why and what to write."""


def callback_url(account: ProviderAccount) -> str:
    """Return the address that is sent with each submit; empty where the vendor cannot call, and only polls are used."""
    url = settings.PUBLIC_URL
    if not url or not calls_back(account):
        return ""
    try:
        require_usable(url)
    except UnusableUrl:
        return ""
    if is_on_this_machine(url) and not account.sandbox:
        return ""
    return url + reverse("vendor-callback", args=(account.vendor, account.pk, _key(account.vendor, str(account.pk))))


def calls_back(account: ProviderAccount) -> bool:
    """Return whether the vendor takes a callback address. False for a vendor or surface that is no longer in the catalog."""
    return account.known_surface is not None and account.known_surface.calls_back


def is_callback_key(vendor: str, account_id: str, key: str) -> bool:
    """Return whether `key` is the last part of this account's callback address. Makes no query."""
    return constant_time_compare(key, _key(vendor, account_id))


def _key(vendor: str, account_id: str) -> str:
    digest = salted_hmac(SALT, f"{vendor}/{account_id}", algorithm="sha256").digest()
    return base64.urlsafe_b64encode(digest).rstrip(b"=").decode()


def require_usable(url: str) -> None:
    """Raise `UnusableUrl` unless it is https, or plain http on this machine, with a host and nothing after the path."""
    try:
        parts = urlsplit(url)
        parts.port  # noqa: B018 - raises when it is none
    except ValueError as error:
        raise UnusableUrl(f"PORTAL_PUBLIC_URL is not an address ({error}). Write https://portal.example.com.") from error
    if parts.scheme not in {"https", "http"} or not parts.hostname:
        raise UnusableUrl("PORTAL_PUBLIC_URL is not a web address. Write https://portal.example.com.")
    if parts.username or parts.password or parts.query or parts.fragment:
        raise UnusableUrl("PORTAL_PUBLIC_URL must be an address without a user name, question mark or hash.")
    if parts.scheme == "http" and not is_on_this_machine(url):
        raise UnusableUrl("PORTAL_PUBLIC_URL must be https: the addresses that vendors are given hold a secret.")


def is_on_this_machine(url: str) -> bool:
    """Return whether only the simulator can call this address."""
    host = urlsplit(url).hostname or ""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
