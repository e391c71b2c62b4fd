"""Whether an account works, found out by a call that costs nothing, and said in a sentence that names what to change."""

from __future__ import annotations

from dataclasses import dataclass

from django.utils.translation import gettext as _

from providers.accounts import free_client_for
from providers.core.errors import (
    AuthenticationFailed,
    OutOfCredit,
    ProviderDown,
    ProviderError,
    RateLimited,
    Refused,
    UnexpectedReply,
    Unreachable,
)
from providers.models import ProviderAccount
from providers.sealing import SealBroken

__all__ = ["Finding", "probe"]


@dataclass(frozen=True, kw_only=True)
class Finding:
    """`code` is ok, seal_broken, unreachable, wrong_endpoint, auth_failed, or the vendor error's own; `retry_after_s` is its wish."""

    ok: bool
    code: str
    message: str
    retry_after_s: float = 0.0


def probe(account: ProviderAccount) -> Finding:
    """Ask the vendor, and note the answer with the account."""
    try:
        report = free_client_for(account).check_account()
    except SealBroken as broken:
        return Finding(ok=False, code="seal_broken", message=str(broken))
    except ProviderError as error:
        account.note_error(error.message)
        return _finding(error, account)
    account.note_ok()
    words = f"{report.message} {report.balance}".strip()
    return Finding(ok=True, code="ok", message=words)


def _finding(error: ProviderError, account: ProviderAccount) -> Finding:
    code, sentence = _meaning(error)
    facts = {"vendor": account.provider_class.label, "url": account.base_url, "words": str(error)}
    wish_s = (error.retry_after_s or 0.0) if isinstance(error, RateLimited) else 0.0
    return Finding(ok=False, code=code, message=sentence % facts, retry_after_s=wish_s)


def _meaning(error: ProviderError) -> tuple[str, str]:
    if isinstance(error, Unreachable):
        return error.code, _("Nothing answers at %(url)s. Check the base URL and this machine's way out. (%(words)s)")
    if isinstance(error, AuthenticationFailed):
        return error.code, _("%(vendor)s answers, but refuses the key. Type the credentials in again. (%(words)s)")
    if isinstance(error, OutOfCredit):
        return error.code, _("%(vendor)s accepts the key, but the account has no credit left. (%(words)s)")
    if isinstance(error, RateLimited):
        return error.code, _("%(vendor)s answers, but asks for fewer requests just now. Test again in a minute. (%(words)s)")
    if isinstance(error, ProviderDown):
        return error.code, _("%(url)s gives no good answer just now. Test again later. (%(words)s)")
    if isinstance(error, (UnexpectedReply, Refused)):
        return "wrong_endpoint", _("%(url)s answers, but not as %(vendor)s does. Check the base URL. (%(words)s)")
    return error.code, "%(words)s"
