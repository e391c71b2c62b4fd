"""Accounts that point at the simulator: nothing is billed."""

from __future__ import annotations

from dataclasses import dataclass

from providers.accounts import set_credentials
from providers.models import ProviderAccount

__all__ = ["ensure_sandbox_accounts"]


@dataclass(frozen=True, kw_only=True)
class Sandbox:
    """One surface of one vendor as the simulator plays it; `path` is below the simulator's address."""

    vendor: str
    surface: str
    label: str
    path: str
    credentials: dict[str, str]
    priority: int = 10


SANDBOXES = (
    Sandbox(
        vendor="kling",
        surface="official-jwt",
        label="Kling (sandbox)",
        path="/hosts/kling",
        credentials={"access_key": "sim-access", "secret_key": "sim-secret"},
    ),
    Sandbox(
        vendor="kling",
        surface="gateway",
        label="Kling through a gateway (sandbox)",
        path="/hosts/dmxapi",
        credentials={"api_key": "sk-sandbox-gateway"},
        priority=20,
    ),
    Sandbox(
        vendor="dashscope",
        surface="beijing",
        label="Wan on DashScope (sandbox)",
        path="/hosts/dashscope/api/v1",
        credentials={"api_key": "sk-sandbox-dashscope"},
    ),
)


def ensure_sandbox_accounts(simulator_url: str) -> list[ProviderAccount]:
    """Create what is missing and point the rest at this simulator; limits that an admin changed stay."""
    return [_ensure(sandbox, simulator_url.rstrip("/")) for sandbox in SANDBOXES]


def _ensure(sandbox: Sandbox, simulator_url: str) -> ProviderAccount:
    base_url = simulator_url + sandbox.path
    account = ProviderAccount.objects.filter(label=sandbox.label, sandbox=True).first()
    if account is None:
        account = ProviderAccount(
            vendor=sandbox.vendor,
            surface=sandbox.surface,
            label=sandbox.label,
            sandbox=True,
            priority=sandbox.priority,
            max_in_flight=10,
            submits_per_minute=120,
            polls_per_second=50,
        )
    account.base_url = base_url
    set_credentials(account, sandbox.credentials)
    account.save()
    return account
