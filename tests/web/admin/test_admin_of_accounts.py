"""Provider accounts in the admin: secrets go in and never come out; the test says which thing is wrong."""

from __future__ import annotations

import json
import socket

import pytest
from django.contrib.admin.models import LogEntry
from django.contrib.messages import get_messages
from django.utils import timezone

from providers.accounts.sealing import unseal
from providers.core.messages import Message
from providers.models import ProviderAccount
from tests.web.admin.account_fields import LIMITS, USE

LIST = "/admin/providers/provideraccount/"
ADD = f"{LIST}add/?vendor=kling&surface=official-jwt"
ACCESS, SECRET = "access-key-abcd", "secret-key-canary-9876"
FORM = {
    "label": "Kling, marketing",
    "base_url": "https://api-singapore.klingai.com",
    "credential_access_key": ACCESS,
    "credential_secret_key": SECRET,
    "models_allowed": ["kling-v3"],
    **USE,
    **LIMITS,
}
KEPT = {**FORM, "credential_access_key": "", "credential_secret_key": ""}


@pytest.fixture
def account(staff_client):
    staff_client.post(ADD, FORM)
    return ProviderAccount.objects.get()


def url_of(account):
    return f"{LIST}{account.pk}/change/"


def said(reply):
    return [str(message) for message in get_messages(reply.wsgi_request)]


def test_add_asks_for_the_surface_first(staff_client):
    text = staff_client.get(f"{LIST}add/").content.decode()

    assert "?vendor=kling&amp;surface=official-jwt" in text
    assert "?vendor=dashscope&amp;surface=beijing" in text


def test_form_asks_for_the_credentials_of_its_surface(staff_client):
    form = staff_client.get(ADD).context["adminform"].form
    other = staff_client.get(f"{LIST}add/?vendor=dashscope&surface=beijing").context["adminform"].form

    assert [name for name in form.fields if name.startswith("credential_")] == [
        "credential_access_key",
        "credential_secret_key",
        "credential_webhook_secret",
    ]
    assert [name for name in form.fields if name.startswith("credential_") and form.fields[name].required] == [
        "credential_access_key",
        "credential_secret_key",
    ]
    assert [name for name in other.fields if name.startswith("credential_")] == [
        "credential_api_key",
        "credential_workspace",
    ]
    assert other["base_url"].value() == "https://dashscope.aliyuncs.com/api/v1"


def test_account_is_stored_sealed(account):
    assert (account.vendor, account.surface, account.models_allowed) == ("kling", "official-jwt", ["kling-v3"])
    assert unseal(account.pk, account.sealed) == {"access_key": ACCESS, "secret_key": SECRET}
    assert SECRET not in account.sealed


def test_secrets_are_on_no_page(staff_client, account):
    pages = [
        staff_client.get(path).content.decode()
        for path in (LIST, url_of(account), f"{LIST}{account.pk}/history/", f"{LIST}{account.pk}/delete/")
    ]

    for text in pages:
        assert SECRET not in text
        assert account.sealed not in text
    assert "…9876" in pages[1]
    assert SECRET not in json.dumps(list(LogEntry.objects.values_list("change_message", "object_repr")))


def test_secret_of_a_refused_form_is_not_given_back(staff_client, db):
    reply = staff_client.post(ADD, {**FORM, "label": ""})

    assert SECRET not in reply.content.decode()
    assert not ProviderAccount.objects.exists()


def test_credentials_are_needed_for_a_new_account(staff_client, db):
    reply = staff_client.post(ADD, KEPT)

    assert sorted(reply.context["adminform"].form.errors) == ["credential_access_key", "credential_secret_key"]
    assert not ProviderAccount.objects.exists()


def test_empty_secret_keeps_the_stored_one(staff_client, account):
    staff_client.post(url_of(account), {**KEPT, "label": "renamed", "credential_access_key": "another-key-1234"})

    account.refresh_from_db()
    assert account.label == "renamed"
    assert unseal(account.pk, account.sealed) == {"access_key": "another-key-1234", "secret_key": SECRET}


def test_optional_secret_is_kept_shown_by_its_tail_and_removed_by_a_dash(staff_client, account):
    staff_client.post(url_of(account), {**KEPT, "credential_webhook_secret": "whsec_dGVzdHNlY3JldA=="})
    staff_client.post(url_of(account), KEPT)
    account.refresh_from_db()
    kept, tails = unseal(account.pk, account.sealed), account.tails

    staff_client.post(url_of(account), {**KEPT, "credential_webhook_secret": "-"})

    account.refresh_from_db()
    assert kept == {"access_key": ACCESS, "secret_key": SECRET, "webhook_secret": "whsec_dGVzdHNlY3JldA=="}
    assert tails["webhook_secret"] == "…dA=="
    assert unseal(account.pk, account.sealed) == {"access_key": ACCESS, "secret_key": SECRET}


def test_optional_secret_is_not_asked_for_again_when_the_address_changes(staff_client, account):
    staff_client.post(url_of(account), {**KEPT, "credential_webhook_secret": "whsec_dGVzdHNlY3JldA=="})

    staff_client.post(url_of(account), {**FORM, "base_url": "https://api-beijing.klingai.com"})

    account.refresh_from_db()
    assert account.base_url == "https://api-beijing.klingai.com"
    assert unseal(account.pk, account.sealed) == {"access_key": ACCESS, "secret_key": SECRET}


def test_stored_key_does_not_follow_to_another_host(staff_client, account):
    reply = staff_client.post(url_of(account), {**KEPT, "base_url": "https://collector.example"})

    account.refresh_from_db()
    assert sorted(reply.context["adminform"].form.errors) == ["credential_access_key", "credential_secret_key"]
    assert account.base_url == "https://api-singapore.klingai.com"


def test_damaged_seal_asks_for_the_credentials_again(staff_client, account):
    ProviderAccount.objects.update(sealed="damaged")

    refused = staff_client.post(url_of(account), KEPT)
    staff_client.post(url_of(account), FORM)

    account.refresh_from_db()
    assert sorted(refused.context["adminform"].form.errors) == ["credential_access_key", "credential_secret_key"]
    assert unseal(account.pk, account.sealed)["secret_key"] == SECRET


@pytest.mark.parametrize(
    "url", ["http://api.klingai.com", "https://user:pass@api.klingai.com", "https://api.klingai.com/?a=1", "ftp://x.example", "x y"]
)
def test_address_that_cannot_be_used_is_refused(staff_client, db, url):
    reply = staff_client.post(ADD, {**FORM, "base_url": url})

    assert list(reply.context["adminform"].form.errors) == ["base_url"]


def test_model_of_another_vendor_is_refused(staff_client, db):
    reply = staff_client.post(ADD, {**FORM, "models_allowed": ["wanx2.1-t2v-turbo"]})

    assert list(reply.context["adminform"].form.errors) == ["models_allowed"]


def closed_port() -> int:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return taken.getsockname()[1]


@pytest.fixture
def tested(staff_client, make_account, simulator):
    """Make an account, press its button, and return the message."""

    def press(base_url, **credentials):
        account = make_account("kling", "official-jwt", base_url, sandbox=True, credentials=credentials or None)
        return account, said(staff_client.post(f"{LIST}{account.pk}/test/"))[-1]

    return press


def test_connection_that_works_says_so(tested, simulator):
    account, words = tested(simulator.base("kling"), access_key="sim-access", secret_key="sim-secret")

    account.refresh_from_db()
    assert words == "“kling official-jwt”: Kling accepts the credentials. Left: 10,000 units."
    assert account.last_ok_at is not None
    assert simulator.ledger()["count"] == 0


def test_connection_with_a_wrong_key_says_so(tested, simulator):
    account, words = tested(simulator.base("kling"), access_key="sim-access", secret_key="wrong-secret-canary")

    account.refresh_from_db()
    assert "Kling rejected the key: it is wrong, revoked or not allowed here." in words
    assert "wrong-secret-canary" not in words
    assert account.last_error != ""


def test_connection_to_the_wrong_place_says_so(tested, simulator):
    assert "is not an API of Kling. Check the base URL (usually" in tested(f"{simulator.url}/nowhere")[1]


def test_connection_to_nobody_says_so(tested):
    words = tested(f"http://127.0.0.1:{closed_port()}")[1]

    assert "does not respond. Check the base URL" in words
    assert "The host refused the connection." in words


def test_connection_to_an_unknown_host_says_so(tested):
    words = tested("https://no-such-host.invalid")[1]

    assert "The host no-such-host.invalid does not exist." in words
    assert "(usually https://api-singapore.klingai.com)." in words


def test_connection_with_a_damaged_seal_sends_nothing(staff_client, account, simulator):
    ProviderAccount.objects.update(sealed="damaged", base_url=simulator.base("kling"))

    words = said(staff_client.post(f"{LIST}{account.pk}/test/"))[-1]

    assert "cannot decrypt" in words
    assert simulator.requests()["requests"] == []


def test_connection_is_tested_by_post_only_and_with_permission(staff_client, clerk, account):
    assert staff_client.get(f"{LIST}{account.pk}/test/").status_code == 405
    assert clerk.post(f"{LIST}{account.pk}/test/").status_code in {302, 403, 404}
    account.refresh_from_db()
    assert account.last_error_at is None
    assert staff_client.post(f"{LIST}nonsense/test/").status_code == 404


@pytest.mark.parametrize(
    ("action", "before", "after"),
    [
        ("disable", {}, {"enabled": False}),
        ("enable", {"enabled": False}, {"enabled": True}),
        (
            "end_cooldown",
            {"cooldown_until": timezone.now(), "cooldown_reason": "x"},
            {"cooldown_until": None, "cooldown_reason": Message()},
        ),
    ],
)
def test_actions_change_what_they_say(staff_client, account, action, before, after):
    ProviderAccount.objects.update(**before)

    staff_client.post(LIST, {"action": action, "_selected_action": [str(account.pk)]})

    account.refresh_from_db()
    assert {name: getattr(account, name) for name in after} == after
    assert account.edited_at is not None


def test_person_without_permission_sees_no_account(clerk, account):
    assert clerk.get(LIST).status_code == 403
    assert clerk.get(url_of(account)).status_code == 403


def test_viewer_sees_facts_but_no_credentials(clerk, user, account):
    from django.contrib.auth.models import Permission

    user.user_permissions.add(Permission.objects.get(codename="view_provideraccount"))

    text = clerk.get(url_of(account)).content.decode()

    assert "Kling, marketing" in text
    assert "credential_" not in text
    assert "9876" not in text


def test_admin_speaks_chinese_and_keeps_the_content_policy(staff_client, account):
    reply = staff_client.get(url_of(account), headers={"accept-language": "zh-hans"})

    assert reply.status_code == 200
    assert "script-src 'self'" in reply["Content-Security-Policy"]
    assert "<script>" not in reply.content.decode()
    assert 'style="' not in reply.content.decode()
