"""`make live` itself: against the simulator it finds every vendor sound; without keys it says so; what it prints holds no secret."""

from __future__ import annotations

import os

import pytest

from providers.vendors import PROVIDERS
from tests.providers.vendors.simulated_surfaces import SIMULATED, first_surface, paid
from tools import live


@pytest.fixture(autouse=True)
def no_keys(monkeypatch):
    for name in [name for name in os.environ if name.startswith("LIVE_")]:
        monkeypatch.delenv(name)


def give_keys(monkeypatch, simulator, slug: str, **instead: str) -> list[str]:
    """The keys of the vendor's sandbox, and the simulator's address. Answers with what must not be printed."""
    surface = first_surface(slug)
    sandbox = PROVIDERS[slug].surfaces[surface].sandbox
    prefix = f"LIVE_{slug.upper().replace('-', '_')}_"
    monkeypatch.setenv(f"{prefix}BASE_URL", f"{simulator.url}/{SIMULATED[surface][1]}")
    keys = {**sandbox.credentials, **instead}
    for name, value in keys.items():
        monkeypatch.setenv(f"{prefix}{name.upper()}", value)
    return [keys[field.name] for field in PROVIDERS[slug].surfaces[surface].credentials if field.name in keys and field.secret]


def test_every_vendor_keeps_the_contract_at_the_simulator(monkeypatch, simulator, capsys):
    simulator.settings(render_s=0.05)
    secrets = [secret for slug in PROVIDERS for secret in give_keys(monkeypatch, simulator, slug)]
    monkeypatch.setenv("LIVE_SPEND", "yes")

    result, printed = live.main(), capsys.readouterr().out

    assert result == 0, printed
    assert [printed.count(f"  {check} ") for check in ("account", "one_video")] == [len(PROVIDERS)] * 2
    assert "FAILED " not in printed
    assert paid(simulator) == len(PROVIDERS)
    assert [secret for secret in secrets if secret in printed] == []


def test_nothing_is_bought_unless_it_is_asked_for(monkeypatch, simulator, capsys):
    give_keys(monkeypatch, simulator, "kling")

    result, printed = live.main(), capsys.readouterr().out

    assert (result, paid(simulator)) == (0, 0)
    assert "it costs money: LIVE_SPEND=yes buys one of kling/kling-v2-5-turbo" in printed
    assert "4 passed, 0 failed" in printed


def test_without_keys_each_vendor_says_what_is_missing(capsys):
    result, printed = live.main(), capsys.readouterr().out

    assert result == 0
    assert "no key set: LIVE_KLING_ACCESS_KEY and LIVE_KLING_SECRET_KEY, or LIVE_KLING_API_KEY" in printed
    assert f"0 passed, 0 failed, {len(PROVIDERS)} not run" in printed
    assert "No vendor was asked" in printed


def test_key_that_the_vendor_refuses_is_a_failure_and_stays_hidden(monkeypatch, simulator, capsys):
    [secret] = give_keys(monkeypatch, simulator, "zhipu", api_key="bad-key-of-mine")

    result, printed = live.main(), capsys.readouterr().out

    assert result == 1
    assert "AuthenticationFailed" in printed
    assert secret not in printed


@pytest.mark.parametrize(
    ("what", "value", "words"),
    [("SURFACE", "moon", "is none of beijing, singapore, us, hongkong"), ("MODEL", "wan2.6-i2v", "set LIVE_DASHSCOPE_MODEL")],
)
def test_unusable_surface_or_model_is_reported(monkeypatch, simulator, capsys, what, value, words):
    give_keys(monkeypatch, simulator, "dashscope")
    monkeypatch.setenv(f"LIVE_DASHSCOPE_{what}", value)

    live.main()

    assert words in capsys.readouterr().out
