"""Chat endpoints in the admin: the key goes in and never comes out, and nothing is sent outside before somebody has agreed."""

from __future__ import annotations

import pytest

from events.models import AuditEvent
from prompts.chat import usable_endpoints
from prompts.instructions import OURS
from prompts.models import ChatEndpoint, Instruction
from providers.accounts.sealing import unseal
from tests.cases import in_one_test

PAGE = "/admin/prompts/chatendpoint/"
FORM = {
    "name": "Writer",
    "base_url": "https://llm.example.com/v1/",
    "model": "writer-1",
    "key": "sk-secret-4711",
    "enabled": "on",
    "priority": "1",
    "timeout_s": "20",
}


@pytest.fixture
def endpoint(staff_client):
    staff_client.post(f"{PAGE}add/", FORM)
    return ChatEndpoint.objects.get()


def saved(client, endpoint, **changes):
    """Send the page's form; return its errors, or an empty mapping."""
    reply = client.post(f"{PAGE}{endpoint.pk}/change/", {**FORM, "key": "", **changes})
    endpoint.refresh_from_db()
    return reply.context["adminform"].form.errors if reply.context else {}


def actions():
    return list(AuditEvent.objects.order_by("pk").values_list("action", flat=True))


def test_a_key_is_sealed_and_on_no_page(endpoint, staff_client):
    assert unseal(endpoint.pk, endpoint.sealed_key) == {"key": "sk-secret-4711"}
    assert endpoint.base_url == "https://llm.example.com/v1"
    for page in (PAGE, f"{PAGE}{endpoint.pk}/change/", "/admin/events/auditevent/"):
        text = staff_client.get(page).content.decode()
        assert "sk-secret" not in text
        assert endpoint.sealed_key not in text
    assert not AuditEvent.objects.filter(after__icontains="sk-secret").exists()


def test_a_key_is_kept_for_its_host_replaced_and_removed(endpoint, staff_client):
    assert saved(staff_client, endpoint, name="Author") == {}
    assert unseal(endpoint.pk, endpoint.sealed_key) == {"key": "sk-secret-4711"}
    assert "key" in saved(staff_client, endpoint, base_url="https://elsewhere.example/v1")
    assert saved(staff_client, endpoint, base_url="https://elsewhere.example/v1", key="sk-other") == {}
    assert unseal(endpoint.pk, endpoint.sealed_key) == {"key": "sk-other"}
    assert saved(staff_client, endpoint, base_url="https://elsewhere.example/v1", key="-") == {}
    assert endpoint.sealed_key == ""


def test_prompts_are_sent_outside_only_after_somebody_has_agreed_and_to_no_other_host(endpoint, staff_client, staff):
    assert not usable_endpoints().exists()
    assert "Prompts may be sent to this endpoint" in staff_client.get(f"{PAGE}{endpoint.pk}/change/").content.decode()
    staff_client.post(f"{PAGE}{endpoint.pk}/agree/")
    staff_client.post(f"{PAGE}{endpoint.pk}/agree/")
    endpoint.refresh_from_db()
    assert (usable_endpoints().get(), endpoint.agreed_by) == (endpoint, staff)
    assert "Send no more prompts" in staff_client.get(f"{PAGE}{endpoint.pk}/change/").content.decode()

    saved(staff_client, endpoint, name="Author")
    assert usable_endpoints().exists()
    saved(staff_client, endpoint, base_url="https://elsewhere.example/v1", key="sk-other")
    assert (endpoint.agreed_at, endpoint.agreed_by, usable_endpoints().exists()) == (None, None, False)

    staff_client.post(f"{PAGE}{endpoint.pk}/agree/")
    staff_client.post(f"{PAGE}{endpoint.pk}/withdraw/")
    assert not usable_endpoints().exists()
    agreed, withdrawn, changed = "chat_endpoint.agreed", "chat_endpoint.withdrawn", "chat_endpoint.changed"
    assert actions() == ["chat_endpoint.created", agreed, changed, changed, agreed, withdrawn]


def test_only_who_may_change_it_agrees_and_only_by_a_press(endpoint, client, user, staff_client):
    client.force_login(user)
    assert client.post(f"{PAGE}{endpoint.pk}/agree/").status_code == 302
    assert staff_client.get(f"{PAGE}{endpoint.pk}/agree/").status_code == 405
    assert not usable_endpoints().exists()


@in_one_test(
    ("changes", "field"),
    [
        ({"base_url": "ftp://llm.example.com"}, "base_url"),
        ({"base_url": "http://llm.example.com/v1"}, "base_url"),
        ({"base_url": "http://169.254.169.254/v1"}, "base_url"),
        ({"base_url": "https://me:secret@llm.example.com/v1"}, "base_url"),
        ({"base_url": ""}, "base_url"),
        ({"key": "sk-鍵"}, "key"),
        ({"timeout_s": "0"}, "timeout_s"),
        ({"timeout_s": "61"}, "timeout_s"),
    ],
)
def test_what_no_endpoint_may_have_is_refused(staff_client, changes, field):
    reply = staff_client.post(f"{PAGE}add/", {**FORM, **changes})

    assert field in reply.context["adminform"].form.errors
    assert not ChatEndpoint.objects.exists()


def test_an_endpoint_of_our_own_machines_needs_no_key_and_no_agreement(staff_client):
    staff_client.post(f"{PAGE}add/", {**FORM, "base_url": "http://10.0.0.5:11434/v1", "key": "", "is_local": "on"})

    assert usable_endpoints().get().sealed_key == ""


def test_an_instruction_begins_with_our_words(staff_client):
    page = "/admin/prompts/instruction/add/"
    shown = staff_client.get(f"{page}?purpose=enhance&language=zh-hans")
    assert shown.context["adminform"].form.initial["text"] == OURS["enhance", "zh-hans"]

    staff_client.post(page, {"purpose": "enhance", "language": "en", "family": "kling", "text": "Be brief."})
    assert str(Instruction.objects.get()) == "Enrich a prompt en kling"
    assert actions() == ["instruction.created"]
    assert staff_client.get("/admin/prompts/instruction/").status_code == 200
