"""System checks: what is wrong with the accounts, and how to mend it. Ids are stable."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Error, Tags, register
from django.core.checks import Warning as Caution
from django.db import DatabaseError


@register(Tags.database)
def accounts_can_be_used(app_configs: object, databases: Sequence[str] | None = None, **kwargs: Any) -> list[CheckMessage]:  # noqa: ARG001
    """Report accounts with an unknown vendor or surface or unreadable credentials. Runs with `check --database default`."""
    from providers.accounts.models import ProviderAccount

    if not databases:
        return []
    try:
        return [found for account in ProviderAccount.objects.all() for found in _check(account)]
    except DatabaseError:
        return []  # not migrated yet


@register()
def credential_keys_are_keys(app_configs: object, **kwargs: Any) -> list[CheckMessage]:  # noqa: ARG001
    """Report items of CREDENTIAL_KEYS that are not keys."""
    from providers.accounts.sealing import is_key

    bad = [place for place, key in enumerate(settings.CREDENTIAL_KEYS, start=1) if not is_key(key)]
    return [
        Error(
            f"Item {place} of CREDENTIAL_KEYS is not a key: it takes 32 bytes as 44 characters of URL-safe base64.",
            hint='Restore the key that sealed the accounts. For a new installation make one: python -c "from cryptography.fernet '
            'import Fernet; print(Fernet.generate_key().decode())"',
            id="providers.E004",
        )
        for place in bad
    ]


@register()
def credentials_open(app_configs: object, databases: Sequence[str] | None = None, **kwargs: Any) -> list[CheckMessage]:  # noqa: ARG001
    """Warn when the keys do not open what is sealed. Runs with every check, so also when a worker starts.

    Silent with `--database`, where `accounts_can_be_used` reports the same as errors, account by account.
    """
    from providers.accounts.models import ProviderAccount
    from providers.accounts.sealing import opens

    try:
        sealed = [] if databases else list(ProviderAccount.objects.exclude(sealed="").values_list("pk", "label", "sealed"))
    except DatabaseError:
        return []  # not migrated yet, or away
    locked = [label for pk, label, text in sealed if not opens(pk, text)]
    if not locked:
        return []
    words = f"CREDENTIAL_KEYS does not open the credentials of {len(locked)} of {len(sealed)} accounts: {', '.join(locked[:5])}."
    hint = "Nothing is sent or asked with them. Restore the key they were sealed with, or type the credentials in again, in the admin."
    return [Caution(words, hint=hint, id="providers.W003")]


@register()
def given_accounts_can_be_used(app_configs: object, **kwargs: Any) -> list[CheckMessage]:  # noqa: ARG001
    """Report what is wrong with the accounts that the environment gives. A warning: the portal starts with the others."""
    from providers.accounts.given import reading

    hint = "This account is left out. Correct it, then restart web and workers."
    return [Caution(str(problem), hint=hint, id="providers.W004") for problem in reading().problems]


@register()
def vendors_can_call(app_configs: object, **kwargs: Any) -> list[CheckMessage]:  # noqa: ARG001
    """Report a PORTAL_PUBLIC_URL that vendors may not be given."""
    from providers.accounts.callback_urls import UnusableUrl, require_usable

    try:
        if settings.PUBLIC_URL:
            require_usable(settings.PUBLIC_URL)
    except UnusableUrl as problem:
        return [Error(str(problem), hint="Until then vendors are polled and not given an address.", id="providers.E003")]
    return []


def _check(account: Any) -> list[CheckMessage]:
    from providers.accounts.given import credentials_of
    from providers.accounts.sealing import SealBroken

    if account.known_surface is None:
        return [Error(f"Account “{account}” is of an unknown vendor or surface.", hint="Delete it or disable it.", id="providers.E002")]
    if account.enabled and not account.models_offered():
        hint = "Name the models that it has, in the admin, or disable it."
        return [Caution(f"Account “{account}” offers no model.", hint=hint, id="providers.W002")]
    if not account.sealed and not account.source:
        return [Caution(f"Account “{account}” has no credentials.", hint="Type them in, in the admin.", id="providers.W001")]
    try:
        credentials_of(account)
    except SealBroken as broken:
        words = f"Account “{account}”: {broken}"
        if account.source:  # no error: `migrate` would not run, and the portal is to start without the key
            return [Caution(words, hint="Its tasks and renders wait. Disable it if it is not coming back.", id="providers.W005")]
        return [Error(words, id="providers.E001")]
    return []
