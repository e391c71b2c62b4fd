"""Endpoints of everybody in the admin."""

from __future__ import annotations

from django.contrib.auth.models import Permission, User
from django.test import Client

from access.callers import Caller
from events.models import AuditEvent
from webhooks import actions
from webhooks.models import Delivery, Endpoint


def test_staff_who_may_disable_and_replay_and_never_see_a_secret(staff_client, user):
    endpoint, secret = actions.create(by=Caller(user=user), url="https://shop.example/hooks", label="shop", types=["task.failed"])
    delivery = actions.ping(endpoint, by=Caller(user=user))
    pages = [
        f"/admin/webhooks/{name}/{tail}"
        for name, pk in (("endpoint", endpoint.pk), ("delivery", delivery.pk))
        for tail in ("", f"{pk}/change/")
    ]
    for page in pages:
        shown = staff_client.get(page)
        assert shown.status_code == 200
        assert secret not in shown.content.decode()
        assert endpoint.sealed not in shown.content.decode()

    staff_client.post("/admin/webhooks/endpoint/", {"action": "disable", "_selected_action": [str(endpoint.pk)]})
    endpoint.refresh_from_db()
    assert (endpoint.enabled, Delivery.objects.get().state) == (False, "dropped")
    assert AuditEvent.objects.get(action="endpoint.disabled").user_name == "admin"

    refused = staff_client.post("/admin/webhooks/delivery/", {"action": "replay", "_selected_action": [str(delivery.pk)]}, follow=True)
    assert "This endpoint is disabled" in refused.content.decode()
    actions.enable(endpoint, by=Caller(user=user))
    staff_client.post("/admin/webhooks/delivery/", {"action": "replay", "_selected_action": [str(delivery.pk)]})
    assert Delivery.objects.get().state == "pending"


def test_staff_without_the_permission_look_only(user):
    clerk = User.objects.create_user("clerk", is_staff=True)
    clerk.user_permissions.add(Permission.objects.get(codename="view_endpoint"))
    endpoint, _ = actions.create(by=Caller(user=user), url="https://shop.example/hooks", types=["task.failed"])
    client = Client()
    client.force_login(clerk)

    assert client.get("/admin/webhooks/endpoint/").status_code == 200
    client.post("/admin/webhooks/endpoint/", {"action": "disable", "_selected_action": [str(endpoint.pk)]})
    assert Endpoint.objects.get().enabled
