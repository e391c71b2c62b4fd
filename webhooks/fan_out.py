"""Turns each event of the outbox into one delivery for each endpoint that gets it. Sends nothing.

The deliveries are written and the outbox's rows finished in one transaction: a process that dies before its end has done nothing, and
repeated work writes no delivery twice (`webhook_once`).
"""

from __future__ import annotations

import json
import logging
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import timedelta
from typing import Any
from uuid import UUID

from django.conf import settings
from django.contrib.auth.models import User
from django.db import InterfaceError, OperationalError, transaction
from django.db.models import F, Q

from database import clock
from delivery.links import video_url
from events import outbox
from events.models import Event, EventDelivery
from generation.models import GenerationTask, Video
from providers.core.messages import Message, say
from providers.models import ProviderAccount
from webhooks import notices, secrets
from webhooks.addresses import origin_of_url
from webhooks.catalog import ACCOUNT_RESTS, ALERTS, BUDGET_WARNS, CALLBACK_TYPES, CONSUMER, RUN_FAILED, VIDEO_REVIEWED, public_type
from webhooks.kinds import offered_kinds
from webhooks.messages import budget_words
from webhooks.models import Delivery, Endpoint, Kind, Off, State
from webhooks.payload import body_of_account, body_of_facts, body_of_task
from webhooks.shapes import NO_SHAPES, CallbackShape, Shapes

__all__ = ["BATCH", "fan_out"]

log = logging.getLogger("webhooks.fan_out")

BATCH = 200
BAD_ONE_WAITS = timedelta(minutes=5)
BUDGETS_PAGE = "/settings/budgets/"
SYSTEM_PAGE = "/system/"
RECURRING_PAGE = "/batches/recurring/"
VIDEOS_PAGE = "/videos/"
DECIDED = ("approved", "rejected")


def fan_out(limit: int = BATCH, *, shapes: Shapes = NO_SHAPES) -> int:
    """Fan out the events that are due. Return how many were taken. `shapes`: by `callback_shape` of a task.

    If one event fails, the batch is repeated event by event, and only that event waits.
    """
    taken = outbox.take(CONSUMER, limit=limit)
    if not taken:
        return 0
    try:
        _write(taken, shapes)
    except (OperationalError, InterfaceError):
        raise  # the database is away or busy: their lease ends, and they are due again
    except outbox.LeaseLost:
        log.warning("another process fanned out some of %d events", len(taken))
    except Exception:
        log.exception("%d events are fanned out one by one", len(taken))
        for one in taken:
            _write_alone(one, shapes)
    return len(taken)


def _write_alone(one: EventDelivery, shapes: Shapes) -> None:
    try:
        _write([one], shapes)
    except outbox.LeaseLost:
        return
    except (OperationalError, InterfaceError):
        raise
    except Exception:
        log.exception("event %s %s cannot be fanned out; it waits", one.event.type, one.event_id)
        outbox.later(one, BAD_ONE_WAITS)


@transaction.atomic
def _write(taken: Sequence[EventDelivery], shapes: Shapes = NO_SHAPES) -> None:
    """Write the deliveries of these events and finish them, in one transaction."""
    events = [(one.event, public) for one in taken if (public := public_type(one.event.type, one.event.facts))]
    tasks = _Tasks(event for event, public in events if public.startswith("task."))
    receivers, rows, now = _Receivers(events, tasks.found.values(), shapes), [], clock.now()
    for event, public in events:
        task = tasks.found.get(event.subject_id)
        reached = list(receivers.of(event, public, task))
        body = _body(event, public, tasks) if reached else ""
        for endpoint, url in reached:
            fate = {"due_at": now} if endpoint.enabled else {"state": State.DROPPED, "finished_at": now}
            shape = shapes.get(task.callback_shape) if task and url else None
            said = _shaped(shape, event, tasks) if shape else body
            rows.append(Delivery(endpoint=endpoint, event_id=event.pk, type=public, url=url, body=said, created_at=now, **fate))
        if public == BUDGET_WARNS:
            for person in _whose_budget(event):
                notices.notify(person, budget_words(event.facts), url=BUDGETS_PAGE)
        if public == RUN_FAILED and event.owner_id is not None:
            told = say("run_failed", name=event.facts["name"], words=event.facts["words"])
            notices.notify(event.owner_id, told, url=f"{RECURRING_PAGE}{event.subject_id}/")
        if public == VIDEO_REVIEWED:
            _tell_owner(event)
        if public in ALERTS:
            _tell_administrators(event, is_over=public == ALERTS[1])
    Delivery.objects.bulk_create(rows, ignore_conflicts=True)
    outbox.done(taken)


class _Tasks:
    """The tasks of some events, and the videos of those that succeeded."""

    def __init__(self, events: Iterable[Event]) -> None:
        wanted = list(events)
        ids = {event.subject_id for event in wanted}
        self.found: Mapping[UUID, GenerationTask] = GenerationTask.objects.select_related("owner").in_bulk(ids) if ids else {}
        self.videos: dict[UUID, list[Video]] = defaultdict(list)
        done = {event.subject_id for event in wanted if event.type == "task.succeeded"}
        if done:
            for video in Video.objects.kept().filter(task_id__in=done).order_by("task_id", "output_index"):
                self.videos[video.task_id].append(video)


class _Receivers:
    """The endpoints that some events may go to. Makes one query, and some more for each new origin of callback addresses."""

    def __init__(self, events: Sequence[tuple[Event, str]], tasks: Iterable[GenerationTask], shapes: Shapes) -> None:
        self.shapes = shapes
        owners = {event.owner_id for event, _ in events if event.owner_id is not None}
        mine = Q(team=None, owner__in=owners)
        warned = [event for event, public in events if public == BUDGET_WARNS]
        named = (event.facts.get("team_id") for event, public in events if not public.startswith("task."))
        if teams := {team for team in (*(task.team_id for task in tasks), *named) if team}:
            mine |= Q(team__in=teams, owner__groups=F("team"))  # not people who left the team
        if any(public in {ACCOUNT_RESTS, *ALERTS} for _, public in events) or any(event.owner_id is None for event in warned):
            mine |= Q(team=None, owner__is_staff=True)
        found = Endpoint.objects.filter(mine, owner__is_active=True, kind__in=offered_kinds()).select_related("owner") if events else []
        once = {one.pk: one for one in found}.values()  # the join has a row for each group of the owner
        self.endpoints = [one for one in once if _keeps_a_log(one)]
        self.callbacks = {(one.owner_id, one.url): one for one in once if one.kind == Kind.CALLBACK}

    def of(self, event: Event, public: str, task: GenerationTask | None) -> Iterator[tuple[Endpoint, str]]:
        """Yield each endpoint that gets this event, for a callback with the task's own address."""
        if public.startswith("task.") and task is None:
            return  # it has been deleted
        reaches = self._reach(event, public, task)
        for endpoint in self.endpoints:
            is_itself = endpoint.pk == event.subject_id  # the event says that it was disabled
            if endpoint.kind != Kind.CALLBACK and public in endpoint.types and not is_itself and reaches(endpoint):
                yield endpoint, ""
        if task is not None and task.callback_url:
            shape = self.shapes.get(task.callback_shape)
            callback = self._callback(task) if public in (shape.types if shape else CALLBACK_TYPES) else None
            if callback is not None:
                yield callback, task.callback_url

    @staticmethod
    def _reach(event: Event, public: str, task: GenerationTask | None) -> Callable[[Endpoint], bool]:
        """Return a function that decides whether an endpoint gets the event: events of its owner; for a team's endpoint, events of tasks
        that are shared with the team and of its budget. Events of the budget of everyone go to administrators.
        """
        if public == ACCOUNT_RESTS:
            return lambda endpoint: endpoint.team_id is None and _sees_accounts(endpoint.owner)
        if public in ALERTS:
            return lambda endpoint: endpoint.team_id is None and endpoint.owner.is_staff
        if public == BUDGET_WARNS and event.owner_id is None and not event.facts.get("team_id"):
            return lambda endpoint: endpoint.team_id is None and endpoint.owner.is_superuser
        team = task.team_id if task else event.facts.get("team_id")
        return lambda endpoint: endpoint.team_id == team if endpoint.team_id else endpoint.owner_id == event.owner_id

    def _callback(self, task: GenerationTask) -> Endpoint | None:
        """Return the endpoint of the task's callback address, created at its first use. None if a person disabled it or left."""
        origin = origin_of_url(task.callback_url)
        endpoint = self.callbacks.get((task.owner_id, origin))
        if endpoint is None and task.owner.is_active:
            new = Endpoint(kind=Kind.CALLBACK, owner=task.owner, url=origin, types=list(CALLBACK_TYPES))
            secrets.put(new, secret=secrets.new_secret())
            Endpoint.objects.bulk_create([new], ignore_conflicts=True)  # another process may have been faster
            endpoint = Endpoint.objects.select_related("owner").get(kind=Kind.CALLBACK, owner=task.owner, url=origin)
            self.callbacks[task.owner_id, origin] = endpoint
        return endpoint if endpoint is not None and _keeps_a_log(endpoint) else None


def _keeps_a_log(endpoint: Endpoint) -> bool:
    """Return whether its log gets the event: to be sent, or as not sent if the portal disabled it, so that a person can send it later."""
    return endpoint.enabled or endpoint.disabled_code in {Off.DEAD, Off.GONE}


def _whose_budget(event: Event) -> list[int]:
    """Return the people whose budget it is: a person, the members of a team, or the administrators for the budget of everyone.

    The person may have been deleted: events have no foreign keys.
    """
    people = User.objects.filter(is_active=True)
    team = event.facts.get("team_id")
    if event.owner_id is not None:
        people = people.filter(pk=event.owner_id)
    else:
        people = people.filter(groups=team) if team else people.filter(is_superuser=True)
    return list(people.values_list("pk", flat=True))


def _tell_owner(event: Event) -> None:
    """Write the owner of a video what another person decided about it. Who was asked for a review finds the video in the queue."""
    state = event.facts["state"]
    if state not in DECIDED or event.facts["by_owner"] or event.owner_id is None:
        return
    video = Video.objects.kept().filter(pk=event.subject_id).first()
    if video is not None:
        name, by = video.title or str(video.pk), event.facts["by"]
        told = say("video_approved", name=name, by=by) if state == "approved" else say("video_rejected", name=name, by=by)
        notices.notify(event.owner_id, told + Message.of(event.facts["note"]), url=f"{VIDEOS_PAGE}{video.pk}/")


def _sees_accounts(owner: User) -> bool:
    """Return whether this person sees the accounts in the admin."""
    return owner.is_staff and owner.has_perm("providers.view_provideraccount")


def _tell_administrators(event: Event, *, is_over: bool) -> None:
    """Show a notice on the pages of superusers while an alert lasts."""
    url = f"{SYSTEM_PAGE}#{event.subject_id}"
    for person in User.objects.filter(is_superuser=True, is_active=True).values_list("pk", flat=True):
        if is_over:
            notices.withdraw(person, url)
        else:
            notices.notify(person, Message.of(event.facts["message"]), url=url)


def _shaped(shape: CallbackShape, event: Event, tasks: _Tasks) -> str:
    """Return the body in the shape of another API."""
    task = tasks.found[event.subject_id]
    videos = [(video, video_url(video, settings.PUBLIC_URL)) for video in tasks.videos[task.pk]]
    return json.dumps(shape.body(task, event.type.removeprefix("task."), event.at, videos), ensure_ascii=True, allow_nan=False)


def _body(event: Event, public: str, tasks: _Tasks) -> str:
    if public.startswith("task."):
        return body_of_task(event, public, tasks.found[event.subject_id], tasks.videos[event.subject_id])
    if public == ACCOUNT_RESTS:
        facts: Any = ProviderAccount.objects.filter(pk=event.subject_id).values_list("label", "vendor").first() or ("", "")
        return body_of_account(event, *facts)
    return body_of_facts(event, public)
