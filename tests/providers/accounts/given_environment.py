"""The variables and the accounts file of a portal, for tests that start it again."""

from __future__ import annotations

from pathlib import Path

import pytest

from providers.accounts.given import read_again
from providers.accounts.taking import pause_those_gone, take_accounts
from providers.models import ProviderAccount
from providers.vendors import PROVIDERS

KEY = "sk-canary-of-the-environment-1234"
ARK, BEIJING = "https://ark.cn-beijing.volces.com/api/v3", "https://dashscope.aliyuncs.com/api/v1"
KNOWN = sorted(
    {
        name
        for provider in PROVIDERS.values()
        for surface in provider.surfaces.values()
        if surface.variables
        for names in (surface.variables.address, *surface.variables.credentials.values())
        for name in names
    }
)


class Environment:
    """The variables and the accounts file of a portal that starts again."""

    def __init__(self, patch: pytest.MonkeyPatch, settings, folder: Path) -> None:
        self.patch, self.settings, self.folder = patch, settings, folder

    def set(self, **variables: str) -> None:
        for name in KNOWN:
            self.patch.delenv(name, raising=False)
            self.patch.delenv(f"{name}_FILE", raising=False)
        for name, value in variables.items():
            self.patch.setenv(name, value)

    def file(self, text: str, name: str = "accounts.toml") -> None:
        path = self.folder / name
        path.write_text(text, encoding="utf-8")
        self.settings.ACCOUNTS_FILE = str(path)

    def start(self) -> list[ProviderAccount]:
        """Do what a worker does when it starts."""
        read_again()
        accounts = take_accounts()
        pause_those_gone()
        return accounts
