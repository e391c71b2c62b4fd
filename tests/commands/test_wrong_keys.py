"""A wrong credential key is reported by `check` and at every start, not by the first video that waits forever."""

from __future__ import annotations

import io

import pytest
from cryptography.fernet import Fernet
from django.core.management import call_command
from django.core.management.base import SystemCheckError


def test_check_fails_for_what_is_not_a_key_and_does_not_repeat_it(db, settings):
    settings.CREDENTIAL_KEYS = [settings.CREDENTIAL_KEYS[0], "zzz"]

    with pytest.raises(SystemCheckError) as refusal:
        call_command("check", stdout=io.StringIO())

    assert "Item 2 of CREDENTIAL_KEYS is not a key" in str(refusal.value)
    assert "zzz" not in str(refusal.value)


def test_every_command_says_that_the_key_opens_nothing(sandbox_accounts, settings):
    settings.CREDENTIAL_KEYS = [Fernet.generate_key().decode()]
    printed = io.StringIO()

    call_command("check", stderr=printed)

    count = len(sandbox_accounts)
    assert f"CREDENTIAL_KEYS does not open the credentials of {count} of {count} accounts" in printed.getvalue()
    with pytest.raises(SystemCheckError):
        call_command("check", databases=["default"], stderr=printed)


def test_the_right_keys_are_not_mentioned(sandbox_accounts, settings):
    settings.CREDENTIAL_KEYS = [Fernet.generate_key().decode(), *settings.CREDENTIAL_KEYS]
    printed = io.StringIO()

    call_command("check", stderr=printed)

    assert "CREDENTIAL_KEYS" not in printed.getvalue()
