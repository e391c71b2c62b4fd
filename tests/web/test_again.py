"""Run again for chosen videos: the price first, then one order for each, once."""

from __future__ import annotations

import pytest
from django.test import Client

from access.budgets import put_in_force
from access.callers import Caller
from access.ledger_models import Budget, BudgetKind, Reservation
from generation.lifecycle import Status
from generation.models import GenerationTask, TaskInput
from library.collections import create
from providers.models import ModelPrice
from tests.task_rows import MODEL, make_task
from tests.web.page_rows import WAN, make_asset, make_video

pytestmark = pytest.mark.django_db


def chosen(visitor: Client, videos) -> str:
    """Press Run again in the bar, and return the address of what it shows."""
    reply = visitor.post("/bulk/again", {"video": [str(video.pk) for video in videos]})
    assert reply.status_code == 302
    return reply.url


def press(visitor: Client, url: str, page):
    sent = {"key": str(page.context["page_key"]), "task": [str(line.task) for line in page.context["good"]]}
    return visitor.post(url, sent, follow=True)


def again(user) -> list[GenerationTask]:
    return list(GenerationTask.objects.filter(owner=user, retry_of__isnull=False).order_by("pk"))


def test_the_price_is_shown_and_each_is_ordered_once_with_its_own_settings(visitor, user, kling):
    ModelPrice.objects.create(model=MODEL, unit="video", amount=5)
    collection = create(by=Caller(user=user), name="Winter")
    first = make_video(user, prompt="koi", task=make_task(user, status=Status.SUCCEEDED, prompt="koi", collection_id=collection.pk))
    task = make_task(user, status=Status.SUCCEEDED, prompt="heron")
    two = [make_video(user, prompt="heron", task=task, output_index=number) for number in range(2)]

    url = chosen(visitor, [first, *two])
    page = visitor.get(url)
    assert (page.context["cost"], [line.words for line in page.context["good"]]) == ("at most ¥10.00", ["at most ¥5.00"] * 2)
    assert "Order 2 videos" in page.text
    assert not again(user)

    reply = press(visitor, url, page)
    assert "2 videos were ordered again." in reply.text
    assert [(one.prompt.text, one.params, one.collection_id) for one in again(user)] == [
        ("koi", first.task.params, collection.pk),
        ("heron", task.params, None),
    ]
    assert "nothing was ordered twice" in press(visitor, url, page).text  # a double click, a resend, Back and press
    visitor.post(f"/tasks/{task.pk}/retry", {"key": str(page.context["page_key"])})
    assert (len(again(user)), Reservation.objects.count()) == (2, 2)
    press(visitor, url, visitor.get(url))
    assert len(again(user)) == 4


def test_what_cannot_run_again_is_named_and_left_out(visitor, user, other_user, kling):
    asset = make_asset(user)
    good = make_video(user, prompt="koi")
    gone = make_video(user, task=make_task(user, status=Status.SUCCEEDED, model="gone/model", prompt="gone"))
    no_account = make_video(user, task=make_task(user, status=Status.SUCCEEDED, model=WAN, prompt="wan"))
    too_small = make_task(user, status=Status.SUCCEEDED, prompt="two", inputs_given={"first_frame": [str(asset.pk)]})
    for slot in ("first_frame", "elsewhere"):
        TaskInput.objects.create(task=too_small, slot=slot, position=0, asset=asset)
    wrong = make_video(user, task=too_small)
    going_on = make_video(user, task=make_task(user, status=Status.INGESTING))
    url = chosen(visitor, [gone, good, no_account, wrong, going_on, make_video(other_user)])

    page = visitor.get(url)
    assert [line.tile.id for line in page.context["good"]] == [good.pk]
    left = {line.tile.id: line.words for line in page.context["left"]}
    assert left[gone.pk] == "Its model is not offered any more."
    assert left[no_account.pk].startswith("No enabled account offers ")
    assert left[wrong.pk].endswith("takes no image here.")
    assert left[going_on.pk] == "This task is still going on."

    GenerationTask.objects.filter(pk=going_on.task_id).update(status=Status.SUCCEEDED, due_at=None, finished_at=going_on.created_at)
    reply = press(visitor, url, page)  # which showed no price of that one
    assert "1 video was ordered again. 4 cannot be ordered again." in reply.text
    assert [one.retry_of_id for one in again(user)] == [good.task_id]


def test_nothing_is_ordered_where_nothing_can_be(visitor, user, other_user, kling):
    gone = make_video(user, task=make_task(user, status=Status.SUCCEEDED, model="gone/model"))
    url = chosen(visitor, [gone])
    page = visitor.get(url)
    assert (page.context["good"], "Order 1 video" in page.text) == ([], False)
    assert "None of these videos can be ordered again." in press(visitor, url, page).text
    for empty in ("/again/", "/again/?v=x", f"/again/?v={make_video(other_user).pk}"):
        assert visitor.get(empty).context["good"] == []
    many = visitor.post("/bulk/again", {"video": [f"{number:032x}" for number in range(51)]}, headers={"HX-Request": "true"})
    assert many.status_code == 422
    assert not GenerationTask.objects.filter(retry_of__isnull=False).exists()


def test_a_budget_refuses_as_for_one_order(visitor, user, kling):
    ModelPrice.objects.create(model=MODEL, unit="video", amount=5)
    put_in_force(Budget(kind=BudgetKind.USER, user=user, window="month", limit=10_000_000))
    videos = [make_video(user, prompt=name) for name in "abc"]
    url = chosen(visitor, videos)
    page = visitor.get(url)

    assert (page.context["cost"], "10.00" in page.context["budget"]) == ("at most ¥15.00", True)
    assert "2 videos were ordered again, then: Your monthly budget" in press(visitor, url, page).text
    assert len(again(user)) == 2
    assert "Your monthly budget" in press(visitor, url, page).text
    assert len(again(user)) == 2
