"""The rows that the examples of the API (api/examples.py) speak of: a placeholder's name, and what it stands for."""

from __future__ import annotations

from base64 import b64encode

from django.contrib.auth.models import Group, User
from django.db import transaction
from django.utils import timezone

from access import ledger
from access.budgets import Scope, put_in_force
from access.callers import Caller
from access.ledger import Ask
from access.models import Budget, Reservation
from access.tokens import issue
from delivery.models import Link
from generation.actions.captions import set_captions
from generation.bills.bills import store
from generation.lifecycle import Status
from generation.models import Asset
from generation.ordering.assets import store_asset
from library import bulk, collections
from library.models import BulkJob, Comment
from prompts.models import Preset, Template
from prompts.templates import own as templates
from providers.core.catalog import vendor_of
from tests.batches.batch_rows import make_batch, make_recurring
from tests.library.real_videos import real_video
from tests.pictures import picture
from tests.portal_driver import Driver
from tests.task_rows import MODEL, create_task, make_task
from tests.web.page_rows import WAN, make_video
from webhooks import actions
from webhooks.models import Delivery, State

__all__ = ["world_of"]

BILL = b"Task ID,Time,Amount\ncgt-4711,2026-11-03 10:00,2.50\n"


def world_of(person: User, driver: Driver) -> dict[str, str]:
    """Make the rows, all of this person's, who is a superuser. Add a line for each new placeholder."""
    team = Group.objects.create(name="Shop")
    person.groups.add(team)
    in_review = driver.until(create_task(owner=person, model=MODEL, prompt="a boat"), Status.RUNNING)
    in_review.to_review("deadline", "too late")
    driver.simulator.advance(60)
    article = make_task(person, status=Status.SUCCEEDED, content_id="shop/article 7")
    video, in_bin = make_video(person, task=article), make_video(person)
    in_bin.deleted_at = in_bin.created_at
    in_bin.save()
    endpoint, _secret = actions.create(by=Caller(user=person), url="https://shop.example/hooks", types=["task.failed"])
    delivery = actions.ping(endpoint, by=Caller(user=person))
    Delivery.objects.filter(pk=delivery.pk).update(state=State.FAILED, due_at=None, finished_at=delivery.created_at)
    that_cost = make_task(person, status=Status.FAILED)
    with transaction.atomic():
        ledger.reserve([Ask(task_id=that_cost.pk, scope=Scope(owner_id=person.pk), model=MODEL, vendor="kling", amount=5_000_000)])
        ledger.settle(Reservation.objects.get(task_id=that_cost.pk), 5_000_000, basis="asked")
    failed = make_batch(person, 1, state="ended", ended_at=timezone.now())
    failed.rows.update(state="placed", task_id=that_cost.pk)
    drafts = make_batch(person, 1, state="ended", ended_at=timezone.now())
    draft = make_task(person, status=Status.SUCCEEDED, batch_id=drafts.pk)
    drafts.rows.update(state="placed", task_id=draft.pk)
    asset: Asset = store_asset(owner=person, file=picture())
    collection = collections.create(by=Caller(user=person), name="Winter")
    collected = make_video(person)
    collections.add(collection, [collected.pk], by=Caller(user=person))
    rows = {
        "bulk": bulk_job_of(person),
        "bulk_to_the_bin": bulk_job_of(person, is_bin=True),
        "collection": collection,
        "collected_video": collected,
        "task": make_task(person),
        "ended_task": make_task(person, status=Status.FAILED),
        "task_in_review": in_review,
        "task_that_cost": that_cost,
        "video": video,
        "video_in_bin": in_bin,
        "real_video": real_video(person),
        "video_of_another_model": make_video(person, task=make_task(person, status=Status.SUCCEEDED, model=WAN)),
        "link": Link.objects.create(video=video, owner=person, label="product page"),
        "comment": Comment.objects.create(video=video, author=person, at_s=1.5, text="Slower here."),
        "asset": asset,
        "unused_asset": store_asset(owner=person, file=picture(colour="navy")),
        "endpoint": endpoint,
        "delivery": delivery,
        "batch": make_batch(person, 2, 1),
        "running_batch": make_batch(person, state="running", due_at=timezone.now()),
        "paused_batch": make_batch(person, state="paused", due_at=timezone.now()),
        "failed_batch": failed,
        "draft": draft,
        "preset": Preset.objects.create(owner=person, name="lamps", values={"model": MODEL}),
        "recurring": make_recurring(person),
        "token": issue(person, "another")[0],
        "template": template_of(person),
        "budget": budget_of(person),
        "bill": store(by=Caller(user=person), vendor=vendor_of(MODEL), file_name="2026-10.csv", content=BILL)[0],
    }
    captioned = make_video(person)
    set_captions(captioned, language="en", content=b"WEBVTT\n\n00:00.000 --> 00:02.000\nA fox.\n", by=Caller(user=person))
    rows["captioned_video"] = captioned
    another = b64encode(BILL + b"another,2026-11-04,1\n").decode()
    words = {
        "content": article.content_id,
        "team": team.name,
        "vendor_id": in_review.submission_id,
        "vendor": vendor_of(MODEL),
        "bill_in_base64": another,
    }
    return {name: str(row.pk) for name, row in rows.items()} | words


def template_of(person: User) -> Template:
    """Return a new template of this person's, with one variable."""
    return templates.create(
        by=Caller(user=person), category="product", language="en", name="Shelf", text="{product} on a pine shelf", variables=[]
    )


def bulk_job_of(person: User, *, is_bin: bool = False) -> BulkJob:
    """Return a change of many videos of this person's: one that goes on, or one that moved a video to the bin."""
    if is_bin:
        return bulk.start(by=Caller(user=person), action="bin", arguments={}, ids=[make_video(person).pk])
    return bulk.start(by=Caller(user=person), action="tag", arguments={"tags": ["night"]}, wanted={"q": "boat"})


def budget_of(person: User) -> Budget:
    """Return a new budget of this person's, of 1,000 a month."""
    budget = Budget(kind="user", user=person, window="month", limit=1_000_000_000)
    put_in_force(budget)
    return budget
