"""Makes clients from accounts: the only way that the rest of the portal reaches a vendor."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from providers.accounts.callback_urls import callback_url
from providers.accounts.given import credentials_of
from providers.accounts.models import ProviderAccount
from providers.accounts.sealing import SealBroken, seal, tail
from providers.core.base import CredentialField, Options, Provider
from providers.core.client import BlockingClient
from providers.core.fetch import NetworkPolicy
from providers.core.messages import Message
from providers.core.transport import Timeouts

__all__ = ["client_for", "free_client_for", "locked_because", "network_policy", "provider_for", "set_credentials", "tails_of"]

FREE_READ_S = 10.0
LOOPBACK = ("127.0.0.0/8", "::1/128")


def provider_for(account: ProviderAccount, *, base_url: str = "") -> Provider:
    """Return the account's adapter with its credentials. Raise `SealBroken`."""
    options = Options(
        surface=account.surface,
        base_url=base_url or account.base_url,
        credentials=credentials_of(account),
        callback_url=callback_url(account),
        names=account.model_names,
    )
    return account.provider_class(options)


def client_for(account: ProviderAccount) -> BlockingClient:
    """Return a client for single calls. Raise `SealBroken`."""
    return BlockingClient(provider=provider_for(account), timeouts=account.timeouts)


def free_client_for(account: ProviderAccount, *, base_url: str = "") -> BlockingClient:
    """Return a client for free calls. Its timeout is shorter, since they can be repeated. Raise `SealBroken`.

    Another `base_url` receives the account's key: it must be the vendor's own.
    """
    patience = Timeouts(connect_s=account.timeouts.connect_s, read_s=min(account.timeouts.read_s, FREE_READ_S))
    return BlockingClient(provider=provider_for(account, base_url=base_url), timeouts=patience)


def locked_because(account: ProviderAccount) -> Message:
    """Return why the credentials cannot be had; empty when they can."""
    try:
        credentials_of(account)
    except SealBroken as broken:
        return broken.words
    return Message()


def set_credentials(account: ProviderAccount, credentials: Mapping[str, str]) -> None:
    """Encrypt these into the row, which is not saved here; of a secret only the last characters stay readable."""
    fields = account.provider_class.surfaces[account.surface].credentials
    given = {field.name: credentials[field.name] for field in fields if not field.optional or credentials.get(field.name)}
    account.sealed = seal(account.pk, given)
    account.tails = tails_of(fields, given)


def tails_of(fields: Iterable[CredentialField], given: Mapping[str, str]) -> dict[str, str]:
    """Return what may be shown of credentials: the last characters of a secret."""
    return {field.name: tail(given[field.name]) if field.secret else given[field.name] for field in fields if field.name in given}


def network_policy(account: ProviderAccount, allow_cidrs: tuple[str, ...]) -> NetworkPolicy:
    """Return where results of this account may be fetched from: the public internet over https, and what the installation allows.

    A sandbox account's simulator runs on this machine, over plain http.
    """
    extra = (*allow_cidrs, *LOOPBACK) if account.sandbox else allow_cidrs
    return NetworkPolicy(allow_http=bool(extra), allow_cidrs=extra)
