"""Variations and finishing drafts by API: the cost before, one order for one key, and nothing dropped silently."""

from __future__ import annotations

import pytest

from access.budgets import put_in_force
from access.ledger_models import Budget, Reservation
from access.tokens import issue
from api.models import SavedAnswer
from batches.models import Batch
from generation.lifecycle import Status
from providers.models import ModelPrice
from tests.api.conftest import Api
from tests.batches.batch_rows import KLING, make_batch
from tests.task_rows import make_task

WAN = "dashscope/wanx2.1-t2v-turbo"
FOX = {"models": [KLING], "prompt": "a fox", "styles": ["cinematic", "anime"], "takes": 2, "params": {"duration_s": 5}}


@pytest.fixture
def accounts(make_account):
    ModelPrice.objects.create(model=KLING, unit="second", amount=1)
    put_in_force(Budget(kind="everyone", window="month", limit=100_000_000))
    return [make_account("kling", "official-key", "http://127.0.0.1:9"), make_account("dashscope", "beijing", "http://127.0.0.1:9")]


@pytest.fixture
def draft(user, accounts):
    batch = make_batch(
        user, 1, state="ended", ended_at="2026-11-01T00:00Z", order={"model": WAN, "params": {"resolution": "480P", "seed": 7}}
    )
    task = make_task(user, status=Status.SUCCEEDED, model=WAN, batch_id=batch.pk)
    batch.rows.update(state="placed", task_id=task.pk)
    return task


def test_the_estimate_shows_every_video_its_cost_and_what_is_left_and_orders_nothing(api, accounts):
    said = api.post("/variations/estimate", FOX | {"models": [KLING, WAN], "params": {"duration_s": 5, "aspect_ratio": "16:9"}}).json()

    assert [(one["model"], one["style"], one["cost"]) for one in said["videos"][:4]] == [
        *[(KLING, "cinematic", "5.000000")] * 2,
        *[(WAN, "cinematic", "1.200000")] * 2,
    ]
    assert said["videos"][0]["prompt"].startswith("a fox, cinematic")
    facts = {name: said[name] for name in ("cost", "unpriced", "currency", "budget_left", "left_out", "problems")}
    assert facts == {
        "cost": "24.800000", "unpriced": 0, "currency": "CNY", "budget_left": "100.000000", "left_out": [], "problems": {},
    }  # fmt: skip
    assert (Batch.objects.count(), Reservation.objects.count()) == (0, 0)


def test_variations_are_one_batch_and_a_repeated_key_orders_nothing_again(api, accounts):
    first = api.post("/variations", FOX, Idempotency_Key="k")
    again = api.post("/variations", FOX, Idempotency_Key="k")
    other = api.post("/variations", FOX | {"takes": 1}, Idempotency_Key="k")

    said = first.json()
    assert (first.status_code, first["Location"]) == (201, f"/api/v1/batches/{said['id']}")
    assert (said["source"], said["state"], said["cost"], said["counts"]["waiting"]) == ("form", "running", "20.000000", 4)
    assert (again.json()["id"], other.json()["error"]["code"]) == (said["id"], "idempotency_key_reused")
    assert (Batch.objects.count(), Reservation.objects.count()) == (1, 4)
    rows = api.get(f"/batches/{said['id']}/rows").json()["items"]
    assert [row["cells"]["style"] for row in rows] == ["cinematic", "cinematic", "anime", "anime"]


def test_the_key_guards_the_money_when_no_answer_was_kept(api, accounts):
    first = api.post("/variations", FOX, Idempotency_Key="k").json()
    SavedAnswer.objects.all().delete()
    again = api.post("/variations", FOX, Idempotency_Key="k")

    assert (again.status_code, again.json()["id"], Batch.objects.count()) == (200, first["id"], 1)


def test_what_a_model_does_not_take_is_refused_unless_it_may_be_left_out(api, accounts):
    body = FOX | {"models": [KLING, WAN], "params": {"mode": "pro"}}
    refused = api.post("/variations", body)
    unknown = api.post("/variations", FOX | {"models": [KLING, "nobody/nothing"]})
    strange = api.post("/variations", FOX | {"styles": ["no such style"]})

    assert refused.json()["error"]["code"] == "left_out"
    assert list(refused.json()["error"]["fields"]) == [f"models.{WAN}.params.mode"]
    assert (list(unknown.json()["error"]["fields"]), strange.status_code) == (["models.1"], 404)
    assert api.post("/variations", body | {"leave_out": True}).status_code == 201
    assert Batch.objects.get().defaults["left_out"] == {
        WAN: [{"field": "params.mode", "value": "pro", "why": "Wan 2.1 Turbo has no such setting."}]
    }


def test_a_draft_is_finished_once_and_what_is_left_out_is_said_before(api, draft):
    estimate = api.post(f"/tasks/{draft.pk}/finish/estimate", {"model": KLING}).json()
    refused = api.post(f"/tasks/{draft.pk}/finish", {"model": KLING})
    first, again = (api.post(f"/tasks/{draft.pk}/finish", {"model": KLING, "leave_out": True}) for _ in range(2))

    assert (estimate["cost"], {one["field"] for one in estimate["left_out"]}) == ("5.000000", {"params.resolution", "params.seed"})
    assert refused.json()["error"]["code"] == "left_out"
    assert (first.status_code, again.status_code, first.json()["number"], Reservation.objects.count()) == (201, 200, 2, 1)
    assert first.json()["order"]["finishes"] == str(draft.pk)


def test_what_was_not_ordered_in_a_batch_or_belongs_to_others_cannot_be_finished(api, user, other_user, draft):
    alone = make_task(user, status=Status.SUCCEEDED)
    stranger = Api(issue(other_user, "tests")[1])

    assert api.post(f"/tasks/{alone.pk}/finish", {"model": KLING}).json()["error"]["code"] == "no_batch"
    assert stranger.post(f"/tasks/{draft.pk}/finish", {"model": KLING}).status_code == 404
    assert stranger.post(f"/tasks/{draft.pk}/finish/estimate", {"model": KLING}).status_code == 404
