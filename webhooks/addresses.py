"""Which addresses an endpoint may have, and what people may see of them."""

from __future__ import annotations

from urllib.parse import urlsplit

from django.conf import settings
from django.utils.translation import gettext as _

from generation.errors import InvalidRequest
from providers.core.network import leads_to_metadata
from webhooks.kinds.chats import PRODUCTS
from webhooks.models import Kind

__all__ = ["LONGEST_URL", "check_address", "origin_of_url", "shown"]

LONGEST_URL = 2_000


def check_address(kind: str, url: str) -> None:
    """Raise `InvalidRequest` unless an endpoint of this kind may have the address. Asks no DNS: the socket decides at each try."""
    wrong = _not_of_product(kind, url) if kind in PRODUCTS else _not_of_web(url)
    if wrong:
        raise InvalidRequest(_("Some fields cannot be used as they are."), fields={"url": wrong})


def _not_of_product(kind: str, url: str) -> str:
    hosts = PRODUCTS[kind].hosts
    if any(url.startswith(host) and len(url) > len(host) for host in hosts) and url.isascii() and url.isprintable() and " " not in url:
        return ""
    return _("Copy the address that %(product)s gives for the bot. It begins with %(host)s") % {
        "product": Kind(kind).label,
        "host": hosts[0],
    }


def _not_of_web(url: str) -> str:
    try:
        parts = urlsplit(url)
        origin_of_url(url)
    except ValueError:
        return _("Write an address that begins with https://.")
    if len(url) > LONGEST_URL or not url.isprintable() or " " in url or parts.scheme not in {"https", "http"} or not parts.hostname:
        return _("Write an address that begins with https:// and has at most %(most)d characters.") % {"most": LONGEST_URL}
    if "@" in parts.netloc or parts.fragment:
        return _("Write the address without a user name, a password and a “#” part.")
    if parts.scheme == "http" and not settings.OUTBOUND_ALLOW_CIDRS:
        return _("Write an address that begins with https://. Plain http reaches only networks of OUTBOUND_ALLOW_CIDRS.")
    if leads_to_metadata(parts.hostname):
        return _("The portal must not reach this address.")
    return ""


def origin_of_url(url: str) -> str:
    """Return scheme, host and port of a web address, as one lane serves them: `https://shop.example`. Raise ValueError."""
    parts = urlsplit(url)
    host = f"[{parts.hostname}]" if ":" in (parts.hostname or "") else parts.hostname
    port = parts.port if parts.port != {"http": 80, "https": 443}.get(parts.scheme) else None
    return f"{parts.scheme}://{host}" + (f":{port}" if port else "")


def shown(kind: str, url: str) -> str:
    """Return what people may see of an address: who has the address of a bot can write into its chat."""
    return f"{origin_of_url(url)}/…{url[-4:]}" if kind in PRODUCTS else url
