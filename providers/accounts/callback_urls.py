"""Where a vendor may call us: one address per account, whose last part nobody can guess and we need not store.

The part is an HMAC over vendor and account under SECRET_KEY. Who has it can make the portal ask a vendor sooner, and nothing else.
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

SALT = "providers.callbacks"  # part of every address that a vendor was given: it stays, whatever this module is called


class UnusableUrl(Exception):
    """PORTAL_PUBLIC_URL cannot be given to vendors; the message says why and what would do."""


def callback_url(account: ProviderAccount) -> str:
    """What the vendor is told with each submit; empty where it cannot call, and then polls do all."""
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
    """The vendor can be told where to call. False for a vendor or surface that is known no more."""
    return account.known_surface is not None and account.known_surface.calls_back


def is_callback_key(vendor: str, account_id: str, key: str) -> bool:
    """The last part of an address is the one that we gave to this account's vendor. Asks no database."""
    return constant_time_compare(key, _key(vendor, account_id))


def _key(vendor: str, account_id: str) -> str:
    digest = salted_hmac(SALT, f"{vendor}/{account_id}", algorithm="sha256").digest()
    return base64.urlsafe_b64encode(digest).rstrip(b"=").decode()


def require_usable(url: str) -> None:
    """https, or plain http on this machine, a host, and nothing behind the path. Raises `UnusableUrl`."""
    try:
        parts = urlsplit(url)
        parts.port  # noqa: B018 - raises when it is none
    except ValueError as error:
        raise UnusableUrl(f"PORTAL_PUBLIC_URL is no address ({error}). Write https://portal.example.com.") from error
    if parts.scheme not in {"https", "http"} or not parts.hostname:
        raise UnusableUrl("PORTAL_PUBLIC_URL is no web address. Write https://portal.example.com.")
    if parts.username or parts.password or parts.query or parts.fragment:
        raise UnusableUrl("PORTAL_PUBLIC_URL must be the address alone: no user, question mark or hash.")
    if parts.scheme == "http" and not is_on_this_machine(url):
        raise UnusableUrl("PORTAL_PUBLIC_URL must be https: the addresses that vendors are given hold a secret.")


def is_on_this_machine(url: str) -> bool:
    """Only the simulator can call such an address."""
    host = urlsplit(url).hostname or ""
    return host == "localhost" or (_is_number(host) and ipaddress.ip_address(host).is_loopback)


def _is_number(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True
