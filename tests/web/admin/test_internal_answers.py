"""A base URL may lead to an internal service. Testing the account must not read out what it answers; a vendor's own words are shown."""

from __future__ import annotations

import json
import re

import pytest

from providers.accounts.health_test import probe
from providers.vendors import PROVIDERS
from tests.scripted_server import ScriptedServer, answer

SECRET = "internal-0123456789"
SURFACES = [(vendor.slug, surface) for vendor in PROVIDERS.values() for surface in vendor.surfaces]
CREDENTIALS = {"web": {"cookie": "sessionid=a-session-for-tests", "sign": "none"}}
INTERNAL = [
    f"<html><title>{SECRET}</title></html>".encode(),
    json.dumps({"AccessKeyId": SECRET, "Token": SECRET}).encode(),
]


@pytest.mark.parametrize(("vendor", "surface"), SURFACES)
def test_an_internal_answer_is_not_read_out(staff_client, make_account, vendor, surface):
    headers = f"Content-Type: text/html; x={SECRET}\r\nLocation: https://{SECRET}.example/\r\nX-Key: {SECRET}\r\n"
    accounts = []
    for status, body in [(200, INTERNAL[0]), (200, INTERNAL[1]), (403, INTERNAL[1]), (500, INTERNAL[0])]:
        with ScriptedServer(*[answer(status, body, headers=headers)] * 4) as internal:
            account = make_account(vendor, surface, internal.url, label=str(len(accounts)), credentials=CREDENTIALS.get(surface))

            finding = probe(account, in_other_regions=True)

            account.refresh_from_db()
            accounts.append(account)
            assert internal.requests
            assert SECRET not in f"{finding} {account.last_error}"
    page = staff_client.get("/admin/providers/provideraccount/").content.decode()
    assert all(f"/provideraccount/{account.pk}/" in page for account in accounts)
    assert SECRET not in page


def test_the_vendors_own_words_are_shown(make_account, simulator):
    account = make_account("kling", "official-key", f"{simulator.url}/hosts/kling", credentials={"api_key": "sk-bad-1234567890"})

    finding = probe(account)

    account.refresh_from_db()
    [words] = re.findall(r"\((.* \[\d+\])\)", finding.message)
    assert account.last_error == words
