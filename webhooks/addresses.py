"""Which addresses an endpoint may have, and what people may see of them."""

from __future__ import annotations

from urllib.parse import urlsplit

from django.utils.translation import gettext as _

from generation.errors import InvalidRequest
from generation.web_addresses import why_refused
from webhooks.kinds.chats import PRODUCTS
from webhooks.models import Kind

__all__ = ["check_address", "origin_of_url", "shown"]


def check_address(kind: str, url: str) -> None:
    """Raise `InvalidRequest` unless an endpoint of this kind may have the address. Asks no DNS: the socket decides at each try."""
    wrong = _not_of_product(kind, url) if kind in PRODUCTS else why_refused(url)
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


def origin_of_url(url: str) -> str:
    """Return scheme, host and port of a web address, as one lane serves them: `https://shop.example`. Raise ValueError."""
    parts = urlsplit(url)
    host = f"[{parts.hostname}]" if ":" in (parts.hostname or "") else parts.hostname
    port = parts.port if parts.port != {"http": 80, "https": 443}.get(parts.scheme) else None
    return f"{parts.scheme}://{host}" + (f":{port}" if port else "")


def shown(kind: str, url: str) -> str:
    """Return what people may see of an address: who has the address of a bot can write into its chat."""
    return f"{origin_of_url(url)}/…{url[-4:]}" if kind in PRODUCTS else url
