"""Which address vendors are given, if any, and what is said of one that cannot be given."""

from __future__ import annotations

import pytest
from django.core.management import call_command

from providers.accounts.callback_urls import callback_url, is_callback_key
from providers.accounts.clients import provider_for
from providers.accounts.system_checks import vendors_can_call
from web.health_checks import CheckFailed, check_public_url

BAD = [
    "http://portal.example",
    "ftp://portal.example",
    "portal.example",
    "https://",
    "https://user:pass@portal.example",
    "https://portal.example?a=1",
    "https://portal.example#a",
    "https://portal.example:port",
    "https://[::1",
    "http://127.0.0.1.example",
]


def test_the_address_names_the_account_and_ends_in_its_key(ark, minimax):
    of_ark, of_minimax = callback_url(ark), callback_url(minimax)
    start, _, key = of_ark.rpartition("/")

    assert start == f"https://portal.example/callbacks/ark/{ark.pk}"
    assert len(key) == 43
    assert not of_minimax.endswith(key)
    assert is_callback_key("ark", str(ark.pk), key)
    assert provider_for(ark).options.callback_url == of_ark


def test_addresses_that_vendors_were_given_by_earlier_versions_stay_valid(settings):
    settings.SECRET_KEY = "fixed"

    assert is_callback_key("ark", "1", "pjk_Ond2gCfWzXyk6mqTW8_BiQXMJLmaOp-QcBbzjqM")


def test_the_key_is_the_servers(ark, settings):
    before = callback_url(ark)
    settings.SECRET_KEY = "another"

    assert callback_url(ark) != before


def test_an_address_with_a_path_is_kept(ark, settings):
    settings.PUBLIC_URL = "https://example.com/portal"

    assert callback_url(ark).startswith("https://example.com/portal/callbacks/ark/")


@pytest.mark.parametrize("url", ["", *BAD])
def test_no_vendor_is_given_an_address_that_cannot_be_used(ark, settings, url):
    settings.PUBLIC_URL = url

    assert callback_url(ark) == ""


@pytest.mark.parametrize("url", ["http://127.0.0.1:8000", "http://localhost:8000", "http://[::1]:8000", "https://localhost"])
def test_an_address_of_this_machine_is_for_the_simulator_alone(ark, settings, url):
    settings.PUBLIC_URL = url
    real = callback_url(ark)
    ark.sandbox = True

    assert (real, callback_url(ark).startswith(url)) == ("", True)


@pytest.mark.parametrize("url", BAD)
def test_checks_and_doctor_name_the_mistake(settings, url):
    settings.PUBLIC_URL = url

    assert [found.id for found in vendors_can_call(None)] == ["providers.E003"]
    with pytest.raises(CheckFailed, match="PORTAL_PUBLIC_URL"):
        check_public_url()


@pytest.mark.parametrize(
    ("url", "hosts", "words"),
    [
        ("https://portal.example", ["other.example"], "PORTAL_HOSTS"),
        ("https://10.0.0.7", ["*"], "private"),
        ("https://169.254.1.1", ["*"], "private"),
        ("https://[fd00::1]", ["*"], "private"),
    ],
)
def test_doctor_names_an_address_at_which_no_callback_arrives(settings, url, hosts, words):
    settings.PUBLIC_URL, settings.ALLOWED_HOSTS = url, hosts

    with pytest.raises(CheckFailed, match=words):
        check_public_url()


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("", "not set: vendors are polled"),
        ("https://portal.example", "vendors call https://portal.example"),
        ("http://127.0.0.1:8000", "only the simulator can call http://127.0.0.1:8000"),
    ],
)
def test_doctor_says_who_can_call(settings, url, words):
    settings.PUBLIC_URL, settings.ALLOWED_HOSTS = url, ["portal.example", "127.0.0.1"]

    assert check_public_url() == words


def test_doctor_has_a_line_for_it(db, settings, capsys):
    settings.PUBLIC_URL = ""

    with pytest.raises(SystemExit):
        call_command("doctor", "--no-vendors", "--patience", "0")

    assert "callbacks: not set: vendors are polled" in capsys.readouterr().out
