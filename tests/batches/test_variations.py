"""Variations of a prompt: what becomes of styles, seeds and models, what they cost, and that an order is placed once."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest
from django.db import connection

from access.callers import Caller
from access.ledger_models import Reservation
from batches.feeding import feed
from batches.models import Batch, Source, State
from batches.variations import MOST, Plan, Wanted, place, plan
from generation.errors import InvalidRequest
from generation.models import GenerationTask
from generation.ordering.purchase import OverBudget
from prompts.styles import STYLES
from providers.models import ModelPrice
from providers.vendors import find_model
from tests.batches.batch_rows import KLING, states
from tests.batches.test_accepting import YUAN, budget_of, held

pytestmark = pytest.mark.postgresql

WAN = "dashscope/wanx2.1-t2v-turbo"
TWO_STYLES = [STYLES["cinematic"], STYLES["anime"]]


@pytest.fixture
def wan(real, make_account):
    return make_account("dashscope", "beijing", "http://127.0.0.1:9")


def planned(user, **facts) -> Plan:
    usual = {"prompt": "a fox in the snow", "models": [find_model(WAN)], "takes": 2}
    return plan(Wanted(**usual | facts), by=Caller(user=user))


def test_every_style_model_and_seed_becomes_a_row_with_its_words_and_cost(user, wan):
    ModelPrice.objects.create(model=WAN, unit="second", amount="0.24")
    rows = planned(user, models=[find_model(WAN), find_model(KLING)], styles=TWO_STYLES, params={"duration_s": 5, "seed": 7}).rows

    assert [(row.cells["style"], row.cells["model"], row.cells["seed"], row.cost) for row in rows] == [
        (style, *rest)
        for style in ("cinematic", "anime")
        for rest in ((WAN, "7", 1_200_000), (WAN, "8", 1_200_000), (KLING, "", 5 * YUAN), (KLING, "", 5 * YUAN))
    ]
    first, last = rows[0].order, rows[-1].order
    assert first["prompt"] == "a fox in the snow, " + STYLES["cinematic"].words["en"]
    assert (first["params"]["seed"], first["made_from"]) == (7, {"original": "a fox in the snow", "style": "cinematic"})
    assert (last["params"]["negative_prompt"], "seed" in last["params"]) == (STYLES["anime"].negative["en"], False)
    assert Batch.objects.count() == 0


def test_seeds_by_chance_are_the_same_for_every_style(user, wan):
    seeds = [row.order["params"]["seed"] for row in planned(user, styles=TWO_STYLES).rows]

    assert (seeds[:2] == seeds[2:], seeds[1] - seeds[0]) == (True, 1)
    assert [row.order["params"]["seed"] for row in planned(user, seeds=[5, 99]).rows] == [5, 99]


def test_what_another_model_does_not_take_is_named_and_its_own_value_is_used(user, wan):
    found = planned(
        user,
        models=[find_model(WAN), find_model(KLING)],
        takes=1,
        params={"duration_s": 5, "resolution": "480P", "watermark": False, "prompt_extend": True},
        source=find_model(WAN),
    )

    assert [(model, [one.field for one in ones]) for model, ones in found.left_out.items()] == [(KLING, ["params.resolution"])]
    assert ("resolution" in found.rows[1].order["params"], found.problems) == (False, {})
    nothing_fits = planned(user, models=[find_model(KLING)], params={"duration_s": 6, "seed": 4})
    assert {one.field for one in nothing_fits.left_out[KLING]} == {"params.duration_s", "params.seed"}


def test_a_set_is_ordered_as_one_batch_with_all_of_its_money(user, real):
    budget_of(100 * YUAN)
    batch, is_new = place(planned(user, models=[find_model(KLING)], styles=TWO_STYLES), by=Caller(user=user), key="k", digest="d")

    assert (is_new, batch.source, batch.state, states(batch)) == (True, Source.FORM, State.RUNNING, ["waiting"] * 4)
    assert (batch.name, batch.cost, held(), Reservation.objects.count()) == ("a fox in the snow", 20 * YUAN, [20 * YUAN], 4)
    feed(batch)
    tasks = GenerationTask.objects.all()
    assert {task.pk for task in tasks} == set(batch.rows.values_list("task_id", flat=True))
    assert {(task.batch_id, task.priority, task.prompt.made_from["style"]) for task in tasks} == {
        (batch.pk, 0, "cinematic"),
        (batch.pk, 0, "anime"),
    }


def test_a_repeat_is_the_same_set_and_another_order_with_its_key_is_refused(user, real):
    first, _new = place(planned(user, models=[find_model(KLING)]), by=Caller(user=user), key="k", digest="d")

    assert place(planned(user, models=[find_model(KLING)]), by=Caller(user=user), key="k", digest="d") == (first, False)
    with pytest.raises(InvalidRequest) as refusal:
        place(planned(user), by=Caller(user=user), key="k", digest="other")
    assert (refusal.value.code, Batch.objects.count(), Reservation.objects.count()) == ("idempotency_key_reused", 1, 2)


def test_what_does_not_fit_is_refused_as_a_whole(user, real):
    budget_of(19 * YUAN)
    with pytest.raises(OverBudget):
        place(planned(user, models=[find_model(KLING)], styles=TWO_STYLES), by=Caller(user=user))
    with pytest.raises(InvalidRequest) as refusal:
        place(planned(user, models=[find_model(KLING)], prompt="x" * 2_600), by=Caller(user=user))
    assert list(refusal.value.fields) == [f"models.{KLING}.prompt"]
    with pytest.raises(InvalidRequest) as too_many:
        planned(user, takes=MOST + 1)
    assert too_many.value.code == "too_many"
    assert (Batch.objects.count(), Reservation.objects.count(), held()) == (0, 0, [0])


def test_drafts_take_the_cheapest_settings_and_keep_those_to_finish_with(user, wan):
    ModelPrice.objects.create(model=KLING, unit="second", amount=2, when="mode=pro")
    by_price = planned(user, models=[find_model(KLING)], drafts=True, params={"duration_s": 10, "mode": "pro"}).rows[0]
    long = {"duration_s": 10, "resolution": "1080p"}
    by_size = planned(user, models=[find_model("dashscope/wan2.6-t2v")], drafts=True, params=long).rows[0]

    assert (by_price.order["params"], by_price.order["full"]) == ({"duration_s": 5, "mode": "std"}, {"duration_s": 10, "mode": "pro"})
    seed = by_size.order["params"].pop("seed")
    assert by_size.order["params"] == {"duration_s": 2, "resolution": "720P"}
    assert by_size.order["full"] == {"duration_s": 10, "resolution": "1080P", "seed": seed}


@pytest.mark.django_db(transaction=True)
def test_many_presses_at_once_order_one_set(real, user):
    budget_of(100 * YUAN)
    start = Barrier(6)

    def press(_number: int) -> tuple[Batch, bool]:
        try:
            wanted = planned(user, models=[find_model(KLING)])
            start.wait()
            return place(wanted, by=Caller(user=user), key="one press", digest="d")
        finally:
            connection.close()

    with ThreadPoolExecutor(6) as pool:
        done = list(pool.map(press, range(6)))

    assert ({batch.pk for batch, _new in done}, [new for _batch, new in done].count(True)) == ({Batch.objects.get().pk}, 1)
    assert (held(), Reservation.objects.count()) == ([10 * YUAN], 2)
