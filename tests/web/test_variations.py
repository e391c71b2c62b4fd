"""Variations in the Studio, the page of a set, and finishing a draft from there."""

from __future__ import annotations

import re

import pytest

from access.budgets import put_in_force
from access.ledger_models import Budget, Reservation
from batches.models import Batch, Source
from generation.lifecycle import Status
from generation.models import GenerationTask
from generation.ordering.first_values import enabled_accounts
from generation.ordering.page_keys import new_key
from prompts.styles import STYLES
from providers.models import ModelPrice
from providers.vendors import ALL_MODELS
from tests.batches.batch_rows import make_batch
from tests.task_rows import make_task
from tests.web.page_rows import KLING, WAN, make_video

SCRIPT = {"HX-Request": "true"}


@pytest.fixture
def prices(accounts):
    ModelPrice.objects.create(model=KLING, unit="second", amount=1)
    put_in_force(Budget(kind="everyone", window="month", limit=100_000_000))


def form_of(**changes):
    body = {
        "model": KLING,
        "prompt": "a koi pond",
        "count": "2",
        "key": new_key(),
        "duration_s": "5",
        "aspect_ratio": "16:9",
        "mode": "std",
    }
    return body | {"vary-styles": ["cinematic", "anime"]} | changes


def test_the_quote_says_count_cost_and_budget_and_what_models_do_not_take(visitor, prices):
    said = visitor.post("/studio/quote/", form_of(**{"vary-models": [WAN], "mode": "pro"}), headers=SCRIPT).text

    assert "at most ¥24.80" in said
    assert "8 videos" in said
    assert "¥1.20 to ¥5.00 each" in said
    assert "¥100.00 left" in said
    assert "Wan 2.1 Turbo: Mode pro." in said
    assert f'name="vary-seen" value="{WAN} params.mode"' in said
    usual = visitor.post("/studio/quote/", form_of(**{"vary-styles": []}), headers=SCRIPT).text
    assert "2 videos" in usual
    assert "vary-seen" not in usual


def test_variations_become_one_set_however_often_they_are_sent(visitor, prices):
    body = form_of()
    first, second = (visitor.post("/studio/tasks/", body, headers=SCRIPT) for _ in range(2))
    plain = visitor.post("/studio/", body)

    batch = Batch.objects.get()
    assert {first["HX-Redirect"], second["HX-Redirect"], plain["Location"]} == {f"/batches/{batch.pk}/"}
    assert (batch.source, batch.rows.count(), Reservation.objects.count(), GenerationTask.objects.count()) == (Source.FORM, 4, 4, 0)
    other_tab = visitor.post("/studio/tasks/", body | {"key": "00000000-0000-7000-8000-000000000000"}, headers=SCRIPT)
    assert (other_tab["HX-Redirect"], Batch.objects.count()) == (first["HX-Redirect"], 1)
    later = visitor.post("/studio/tasks/", body | {"key": new_key()}, headers=SCRIPT)
    assert (later["HX-Redirect"] != first["HX-Redirect"], Batch.objects.count()) == (True, 2)


def test_what_a_model_does_not_take_is_shown_before_it_is_ordered(visitor, prices):
    body = form_of(**{"vary-models": [WAN], "mode": "pro"})
    first = visitor.post("/studio/tasks/", body, headers=SCRIPT)

    assert (first.status_code, Batch.objects.count()) == (422, 0)
    assert "Some models do not take all of these settings" in first.text
    assert "Wan 2.1 Turbo: Mode pro." in first.text
    second = visitor.post("/studio/tasks/", body | {"vary-seen": [f"{WAN} params.mode"]}, headers=SCRIPT)
    assert second["HX-Redirect"] == f"/batches/{Batch.objects.get().pk}/"
    assert "Wan 2.1 Turbo: Mode pro." in visitor.get(second["HX-Redirect"]).text


def test_what_is_wrong_is_said_in_the_form_and_nothing_is_ordered(visitor, prices):
    Budget.objects.update(limit=1)
    over = visitor.post("/studio/tasks/", form_of(), headers=SCRIPT)
    many = visitor.post("/studio/tasks/", form_of(count="4", **{"vary-models": [WAN], "vary-styles": list(STYLES)}), headers=SCRIPT)
    long = visitor.post("/studio/tasks/", form_of(prompt="x" * 2_600), headers=SCRIPT)
    strange = visitor.post("/studio/tasks/", form_of(**{"vary-styles": ["no such style"]}), headers=SCRIPT)

    assert {reply.status_code for reply in (over, many, long, strange)} == {422}
    assert "The monthly budget of everyone together" in over.text
    assert "112 videos are too many: a set has at most 60" in many.text
    assert Batch.objects.count() == 0


@pytest.fixture
def draft(user, prices):
    batch = make_batch(
        user, 2, state="ended", ended_at="2026-11-01T00:00Z", source=Source.FORM, order={"model": WAN, "params": {"seed": 7}}
    )
    task = make_task(user, status=Status.SUCCEEDED, model=WAN, batch_id=batch.pk)
    make_video(user, task=task)
    batch.rows.filter(number=1).update(state="placed", task_id=task.pk)
    return task


def test_the_page_of_a_set_shows_its_videos_side_by_side_and_where_to_finish_them(visitor, other_user, client, draft):
    page = visitor.get(f"/batches/{draft.batch_id}/")
    cell = visitor.get(f"/batches/{draft.batch_id}/row?number=1")

    assert page.text.count('class="set-cell"') == 2
    assert page.text.count(f"/tasks/{draft.pk}/finish") == 1
    assert "seed 7" in page.text
    assert (cell.text.count('class="set-cell"'), f'data-task="{draft.pk}"' in cell.text) == (1, True)


def test_a_draft_is_finished_once_after_its_cost_and_what_is_left_out_were_shown(visitor, draft):
    here = f"/tasks/{draft.pk}/finish"
    page = visitor.get(f"{here}?model={KLING}")
    body = {"model": KLING, "duration_s": "10", "aspect_ratio": "16:9", "mode": "std"}
    quote = visitor.post(f"{here}/quote", body)
    unseen = visitor.post(here, body)

    assert "at most ¥5.00" in page.text
    assert "at most ¥10.00" in quote.text
    assert 'name="seen" value="params.seed"' in quote.text
    assert (unseen.status_code, Reservation.objects.count()) == (422, 0)
    done = [visitor.post(here, body | {"seen": ["params.seed"]}) for _ in range(2)]
    assert {reply["Location"] for reply in done} == {f"/batches/{draft.batch_id}/"}
    row = Batch.objects.get().rows.get(number=3)
    assert (row.order["finishes"], row.order["params"]["duration_s"], Reservation.objects.count()) == (str(draft.pk), 10, 1)
    assert "finished from no. 1" in visitor.get(f"/batches/{draft.batch_id}/").text


def test_what_cannot_be_finished_says_why(visitor, user, draft):
    alone = make_task(user, status=Status.SUCCEEDED)

    assert visitor.get(f"/tasks/{alone.pk}/finish", follow=True).redirect_chain[0][0] == f"/tasks/{alone.pk}/"
    assert visitor.post(f"/tasks/{alone.pk}/finish/quote", {}).status_code == 409


def test_further_models_are_listed_when_the_variations_are_opened(visitor, accounts):
    closed, opened = visitor.get("/studio/").text, visitor.get("/studio/?also=").text

    assert ('name="vary-models"' in closed, 'hx-get="/studio/also/"' in closed) == (False, True)
    assert ('name="vary-models"' in opened, 'hx-get="/studio/also/"' in opened) == (True, False)
    assert set(re.findall(r'name="vary-models" value="([^"]+)"', visitor.get("/studio/also/").text)) == {
        spec.name for spec in ALL_MODELS.values() if any(one.takes(spec) for one in enabled_accounts())
    }


def test_models_are_listed_when_their_list_is_about_to_be_opened(visitor, accounts):
    page, models = visitor.get("/studio/").text, visitor.get("/studio/models/").text

    assert ('hx-get="/studio/models/"' in page, 'class="item tall' in page) == (True, False)
    assert re.findall(r'href="/studio/\?model=[^"]+" data-model="([^"]+)"', models) == list(ALL_MODELS)
