"""Tests accounts by free calls, with a sentence that says what to change; asks for balances."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from urllib.parse import urlsplit

from django.db.models import Q

from providers.accounts.balance_text import balance_words
from providers.accounts.clients import free_client_for
from providers.accounts.models import ProviderAccount
from providers.accounts.sealing import SealBroken
from providers.core.base import Surface, status_as_code
from providers.core.client import BlockingClient
from providers.core.errors import (
    AuthenticationFailed,
    OutOfCredit,
    ProviderDown,
    ProviderError,
    RateLimited,
    Refused,
    UnexpectedReply,
    Unreachable,
    Unsupported,
)
from providers.core.messages import Message, say
from providers.core.transport import TransportFailure
from providers.core.types import Balance
from providers.messages import PROVIDER_SENTENCES, translated

__all__ = ["Finding", "probe", "refresh_balances"]

log = logging.getLogger("providers.accounts.health_test")

BALANCE_IS_OLD = timedelta(minutes=55)
"""The sweep runs every quarter of an hour, so each balance is asked for once an hour."""


@dataclass(frozen=True, kw_only=True)
class Finding:
    """`code` is ok, seal_broken, unknown_host, unreachable, wrong_endpoint, wrong_path, other_region, auth_failed, out_of_credit, or the
    vendor error's own; `retry_after_s` is what the vendor asks for.
    """

    ok: bool
    code: str
    words: Message
    retry_after_s: float = 0.0

    @property
    def message(self) -> str:
        """Return the finding in the reader's language."""
        return translated(self.words)


def probe(account: ProviderAccount, *, in_other_regions: bool = False) -> Finding:
    """Ask the vendor, and note the answer with the account. `in_other_regions`: also find the region of a refused key."""
    try:
        client = free_client_for(account)
        client.check_account()
    except SealBroken as broken:
        return Finding(ok=False, code="seal_broken", words=broken.words)
    except ProviderError as error:
        account.note_error(_quotable(error))
        return _finding(error, account, in_other_regions=in_other_regions)
    account.note_ok()
    return _working(account, _noted_balance(account, client))


def refresh_balances(now: datetime) -> None:
    """Ask for the balance of each usable account whose last one is an hour old."""
    old = Q(balance_at=None) | Q(balance_at__lte=now - BALANCE_IS_OLD)
    for account in ProviderAccount.objects.usable().filter(old):
        try:
            _noted_balance(account, free_client_for(account))
        except SealBroken as broken:
            log.warning("account %s: %s", account.pk, broken)


def _noted_balance(account: ProviderAccount, client: BlockingClient) -> Balance | None:
    """Return and note the balance, or None where the vendor does not report it. A failure says nothing about the account."""
    try:
        left = client.balance()
    except Unsupported:
        return None
    except ProviderError as error:
        log.warning("account %s does not report its balance: %s", account.pk, error)
        return None
    account.note_balance(left)
    return left


def _working(account: ProviderAccount, left: Balance | None) -> Finding:
    vendor = account.provider_class.label
    if left is not None and left.amount <= 0:
        return Finding(ok=False, code=OutOfCredit.default_code, words=say("test_nothing_left", vendor=vendor))
    sends_a_secret = bool(_surface(account).credentials)
    words = say("test_accepted" if sends_a_secret else "test_answers", vendor=vendor)
    if left is not None:
        words += say("test_balance", balance=balance_words(left))
    return Finding(ok=True, code="ok", words=words)


def _finding(error: ProviderError, account: ProviderAccount, *, in_other_regions: bool) -> Finding:
    home = _home_of_the_key(account) if in_other_regions and isinstance(error, AuthenticationFailed) else None
    code = "other_region" if home else _meaning(error)
    sentence = f"test_{code}"
    if home:
        sentence = "test_other_address" if home.slug == account.surface else "test_other_key"
    facts = {
        "vendor": account.provider_class.label,
        "url": account.base_url,
        "host": urlsplit(account.base_url).hostname or "",
        "usual": _surface(account).base_url,
        "own": _surface(account).label,
        "other": home.label if home else "",
        "words": _quotable(error),
    }
    retry_after_s = (error.retry_after_s or 0.0) if isinstance(error, RateLimited) else 0.0
    words = say(sentence, **facts) if sentence in PROVIDER_SENTENCES else Message.of(facts["words"])
    return Finding(ok=False, code=code, words=words + error.advice, retry_after_s=retry_after_s)


def _quotable(error: ProviderError) -> str:
    """Return the vendor's words where its code proves that they are the vendor's; of any other answer only the status. A base URL may lead
    to an internal service, whose answers the test must not show.
    """
    return str(error.quoted) if _has_own_code(error) or error.http_status is None else f"HTTP {error.http_status}"


def _has_own_code(error: ProviderError) -> bool:
    """Return whether the answer had a code; a status in its place can come from any server."""
    return bool(error.vendor_code) and error.vendor_code != status_as_code(error.http_status or 0)


def _meaning(error: ProviderError) -> str:
    if isinstance(error, Unreachable) and isinstance(error.__cause__, TransportFailure) and error.__cause__.host_unknown:
        return "unknown_host"
    if isinstance(error, (Unreachable, AuthenticationFailed, OutOfCredit, RateLimited, ProviderDown)):
        return error.code
    if isinstance(error, Refused) and _has_own_code(error):
        return "wrong_path"
    return "wrong_endpoint" if isinstance(error, (UnexpectedReply, Refused)) else error.code


def _home_of_the_key(account: ProviderAccount) -> Surface | None:
    """Return the vendor's region that accepts a refused key. Only the vendor's own addresses get it, and only from an account at one."""
    for surface, url in _regions(account).items():
        if url == account.base_url:
            continue
        try:
            free_client_for(account, base_url=url).check_account()
        except ProviderError:
            continue
        return account.provider_class.surfaces[surface]
    return None


def _regions(account: ProviderAccount) -> Mapping[str, str]:
    """Return the base URLs of the vendor's regions by surface if this account is at one of them; the simulator's if it is there."""
    surfaces = [one for one in account.provider_class.surfaces.values() if one.regional]
    if not account.sandbox:
        hosts = {one.slug: one.base_url for one in surfaces}
        return hosts if account.base_url in hosts.values() else {}
    paths = {one.slug: one.sandbox.path for one in surfaces if one.sandbox}
    roots = [account.base_url.removesuffix(path) for path in paths.values() if account.base_url.endswith(path)]
    return {slug: roots[0] + path for slug, path in paths.items()} if roots else {}


def _surface(account: ProviderAccount) -> Surface:
    return account.provider_class.surfaces[account.surface]
