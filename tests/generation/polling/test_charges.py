"""What a vendor says that it charged is stored when the render ends, and shown to those who pay."""

from __future__ import annotations

from decimal import Decimal

from django.test import Client

from api.v1.schemas import task_out
from generation.lifecycle import Status
from generation.models import GenerationTask
from generation.polling.outcome import ended_there
from providers.core.errors import GenerationFailed
from providers.core.types import Charge, Snapshot, State
from tests.task_rows import create_task, make_task


def test_charge_is_stored_with_the_task_and_shown_to_staff_and_programs(driver, user, staff_client):
    task = driver.finish(create_task(owner=user, model="vidu/viduq2", prompt="a boat"), ingest=False)

    assert (task.status, task.charged_unit) == (Status.INGESTING, "credits")
    assert task.charged_amount > 0
    assert task.usage == f"credits={task.charged_amount.normalize():f}"
    assert task_out(task, "").usage.model_dump() == {"reported": task.usage, "charged": task.charged_amount, "unit": "credits"}
    visitor = Client()
    visitor.force_login(user)
    pages = [client.get(f"/tasks/{task.pk}/").content.decode() for client in (staff_client, visitor)]
    assert ["Charged by the vendor" in page for page in pages] == [True, False]
    assert f"{task.charged_amount.normalize():f} credits" in pages[0]


def test_failed_render_that_was_charged_says_so(user, db):
    task = make_task(user, status="running")
    charge = Charge(amount=Decimal("0.00350049"), unit="USD")

    ended_there(task, Snapshot(state=State.FAILED, vendor_state="failed", error=GenerationFailed("no"), units="cost=0.0035", charge=charge))

    row = GenerationTask.objects.get(pk=task.pk)
    assert (row.status, row.usage, row.charged_amount, row.charged_unit) == (Status.FAILED, "cost=0.0035", Decimal("0.003500"), "USD")
