"""Batches in the admin: everybody's, with what they cost; paused and cancelled by who may."""

from __future__ import annotations

from django.contrib.auth.models import Permission, User
from django.test import Client

from access.callers import Caller
from batches.accepting import accept
from batches.models import Batch, State
from tests.batches.batch_rows import make_batch, states

LIST = "/admin/batches/batch/"


def test_batches_are_shown_paused_and_cancelled(staff_client, user, make_account):
    make_account("kling", "official-key", "http://127.0.0.1:9")
    running, checked = make_batch(user, 2, 1, name="cups"), make_batch(user, 1, name="bags")
    accept(running, by=Caller(user=user), good_only=True)

    assert {"cups", "bags"} <= set(staff_client.get(LIST).text.replace("<", ">").split(">"))
    assert "2 waiting, 1 left out" in staff_client.get(f"{LIST}{running.pk}/change/").text
    said = staff_client.post(LIST, {"action": "pause", "_selected_action": [running.pk, checked.pk]}, follow=True).text
    assert ("Done for 1 batch." in said, "Bags: This cannot be done now." in said) == (True, True)
    assert Batch.objects.get(pk=running.pk).state == State.PAUSED
    staff_client.post(LIST, {"action": "cancel_waiting", "_selected_action": [running.pk]})
    assert states(running) == ["withdrawn", "withdrawn", "left_out"]


def test_who_only_looks_has_no_actions(db, user):
    clerk = User.objects.create_user("clerk", is_staff=True)
    clerk.user_permissions.add(Permission.objects.get(codename="view_batch"))
    client, batch = Client(), make_batch(user, 1)
    client.force_login(clerk)

    page = client.get(LIST)
    assert (page.status_code, 'value="pause"' in page.text) == (200, False)
    assert client.post(f"{LIST}{batch.pk}/change/", {"name": "x"}).status_code == 403
