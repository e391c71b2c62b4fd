"""Which web addresses the portal accepts to send webhooks to: of endpoints, and `callback_url` of tasks."""

from __future__ import annotations

from urllib.parse import urlsplit

from django.conf import settings
from django.utils.translation import gettext as _

from providers.core.network import leads_to_metadata

__all__ = ["why_refused"]

LONGEST_URL = 2_000


def why_refused(url: str) -> str:
    """Return what is wrong with the address; empty if nothing is. Asks no DNS: the socket decides at each try."""
    try:
        parts = urlsplit(url)
        parts.port  # noqa: B018 - raises if it is not a port
    except ValueError:
        return _("Write an address that begins with https://.")
    if len(url) > LONGEST_URL or not url.isprintable() or " " in url or parts.scheme not in {"https", "http"} or not parts.hostname:
        return _("Write an address that begins with https:// and has at most %(most)d characters.") % {"most": LONGEST_URL}
    if "@" in parts.netloc or parts.fragment:
        return _("Write the address without a user name, a password or a “#” part.")
    if parts.scheme == "http" and not settings.OUTBOUND_ALLOW_CIDRS:
        return _("Write an address that begins with https://. Plain http reaches only networks of OUTBOUND_ALLOW_CIDRS.")
    if leads_to_metadata(parts.hostname):
        return _("The portal must not reach this address.")
    return ""
