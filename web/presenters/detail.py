"""The pages of one video and of one task: facts, history, versions."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.conf import settings
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from access.callers import Caller
from access.rights import may
from generation.actions.decide import can_adopt
from generation.actions.recover import can_ask_again
from generation.actions.settle import correctable_of, waiting_of
from generation.lifecycle import RESTING, Status
from generation.messages import REVIEWS, review_sentence
from generation.models import Attempt, Dispatch, GenerationTask, TaskEvent, Video
from generation.queries.content import chosen_of
from providers.accounts.balance_text import in_unit
from providers.core.messages import Message
from providers.labels import listed, sentences
from providers.messages import translated
from web.formatting import duration, money, size
from web.presenters.actions import actions_of, report_of
from web.presenters.cards import cards_of
from web.presenters.facts import Fact
from web.presenters.made_from import made_from_rows
from web.presenters.measured import caption_of, quality_rows
from web.presenters.settings import setting_rows
from web.presenters.snippets import snippets_of
from web.presenters.states import FACES
from web.presenters.teams import sharing_of
from web.presenters.videos import place_on_wall, tile_of
from web.presenters.words import (
    account_label,
    date_time,
    mark_of,
    model_label,
    name_of,
    plain_number,
    title_and_language,
    title_of,
    vendor_label,
)

__all__ = ["history_of", "recover_context", "task_context", "video_context"]

CODECS = {"h264": "H.264", "hevc": "H.265", "av1": "AV1", "vp9": "VP9", "vp8": "VP8", "mpeg4": "MPEG-4", "prores": "ProRes"}
SAME_LENGTH_S = 0.5
"""Vendors report whole seconds; a difference up to this says nothing."""
DISPATCH_LOOKS = {"accepted": ("ok", "circle-check"), "rejected": ("bad", "circle-x"), "unknown": ("warn", "triangle-alert")}


@dataclass(frozen=True, kw_only=True, slots=True)
class Figure:
    """An input image of a task, and the name of its slot."""

    url: str
    label: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Moment:
    """A line of a task's history."""

    text: str
    detail: str
    at: datetime
    tone: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Review:
    """What a person decides on, with the vendor's id if an attempt has it. `consent` is confirmed before it is submitted again."""

    rows: list[Fact]
    vendor_id: str
    text: str
    consent: str
    can_adopt: bool


@dataclass(frozen=True, kw_only=True, slots=True)
class AttemptCard:
    """One submission of a task, with the request and the answer as text."""

    number: int
    mark: str
    account: str
    dispatch: str
    tone: str
    icon: str
    at: datetime
    took_s: float | None
    vendor_id: str
    error: str
    request_text: str
    reply_text: str


def video_context(
    video: Video,
    task: GenerationTask,
    caller: Caller,
    beside: tuple[UUID | None, UUID | None],
    query: Mapping[str, str],
    api_url: str,
) -> dict[str, Any]:
    """Return what videos/page.html shows of the video. `query` is the gallery's filter, `beside` the newer and older video under it."""
    newer, older = beside
    return {
        **_shared_context(task, caller),
        "video": video,
        "tile": tile_of(video, caller),
        "sharing": sharing_of(task, caller),
        **dict(zip(("title", "title_lang"), title_of(video), strict=True)),
        "own_title": video.title,
        "captions": [caption_of(video, language) for language in sorted(video.captions)],
        "quality_rows": quality_rows(video),
        "actual_prompt": video.actual_prompt if video.actual_prompt != task.prompt.text else "",
        "file_rows": _file_rows(video, task),
        "snippets": snippets_of(task, api_url),
        "newer_url": reverse("video", args=[newer], query=query) if newer else "",
        "older_url": reverse("video", args=[older], query=query) if older else "",
        "gallery_url": place_on_wall(video.pk, query),
        "content": _content(video, task, caller) if task.content_id else None,
        "run_again_url": reverse("task-retry", args=[task.pk]) if may(caller, "act", task) else "",
    }


def _content(video: Video, task: GenerationTask, caller: Caller) -> dict[str, Any]:
    """Return what a video's page says of its content id: whether content systems show this video for it, and where to choose that."""
    chosen = chosen_of(caller, task.content_id)
    return {
        "id": task.content_id,
        "url": reverse("gallery", query={"content": task.content_id}),
        "shown": chosen is not None and chosen.video == video,
        "choice": video.chosen_at is not None,
        "choose_url": reverse("video-choose", args=[video.pk]) if may(caller, "act", video) else "",
    }


def task_context(task: GenerationTask, caller: Caller) -> dict[str, Any]:
    """Return everything of tasks/page.html."""
    return {
        **_shared_context(task, caller),
        "card": cards_of([task], caller, "job")[0],
        "facts": _task_rows(task, caller),
        "sharing": sharing_of(task, caller),
        "attempts": [_attempt(one) for one in task.attempts.all()],
        "report": report_of(task),
        "actions": [act for act in actions_of(task, caller) if act.method == "post"],
        "tiles": [tile_of(video, caller) for video in task.kept_videos()],
        **recover_context(task, caller),
    }


def _shared_context(task: GenerationTask, caller: Caller) -> dict[str, Any]:
    """Return what the pages of a video and of a task both show."""
    title, language = title_and_language(task)
    slots = {slot.name: _(slot.title) for slot in task.spec.slots} if task.spec else {}
    settings = [Fact(label=_("Model"), value=model_label(task.model))]
    if task.asked_model:
        settings.append(Fact(label=_("Replaces"), value=model_label(task.asked_model)))
    if task.account:
        settings.append(Fact(label=_("Account"), value=account_label(task.account)))
    return {
        "task": task,
        "title": title,
        "title_lang": language,
        "prompt": task.prompt.text,
        "made_from": made_from_rows(task.prompt.made_from, caller),
        "inputs": [Figure(url=reverse("asset", args=[one.asset_id]), label=slots.get(one.slot, one.slot)) for one in task.inputs.all()],
        "settings": [*settings, *setting_rows(task)],
        "events": history_of(task),
    }


def recover_context(task: GenerationTask, caller: Caller) -> dict[str, Any]:
    """Return what this person may do about a review or a failure, for the task's page and for the admin."""
    return {
        "review": _review(task) if task.state is Status.NEEDS_REVIEW and may(caller, "decide", task) else None,
        "can_ask_again": can_ask_again(task, caller),
        "waiting": waiting_of(task) if may(caller, "decide", task) else [],
        "correctable": correctable_of(task) if may(caller, "decide", task) else [],
        "currency": settings.CURRENCY,
    }


def _review(task: GenerationTask) -> Review:
    """Return what was asked and found, so that a person can decide, and the vendor's id if an attempt has it."""
    attempts = list(task.attempts.all())
    unknown = [attempt for attempt in attempts if attempt.dispatch == Dispatch.UNKNOWN]
    last = next(reversed(unknown or attempts), None)
    reference = last.reference if last else task.reference
    rows = [Fact(label=_("Our reference"), value=reference, mono=True, copy_text=reference)]
    if last is not None:
        sent = _("%(time)s, through %(account)s") % {"time": date_time(last.started_at), "account": account_label(last.account)}
        rows.append(Fact(label=_("Sent"), value=sent))
    if task.error_code in REVIEWS:
        text = sentences(review_sentence(task.error_code))
        consent = _("Give up this render and submit a new task. I understand that both are charged.")
        rows += [
            Fact(label=_("Vendor's task id"), value=task.submission_id, mono=True, copy_text=task.submission_id),
            Fact(label=_("Reason"), value=translated(task.error_message)),
        ]
    else:
        text = _(
            "No usable answer from the vendor. The request may have been accepted and charged. "
            "Look for it in the vendor's console by our reference or the time."
        )
        consent = _("The vendor does not have it. I understand that both are charged if the first request was accepted after all.")
        if last is not None:
            rows += [
                Fact(label=_("What came back"), value=translated(last.error_message) or _("nothing")),
                Fact(label=_("Asked about our reference"), value=_finding(task, last)),
            ]
    return Review(
        rows=rows,
        vendor_id=last.submission_id if last else "",
        text=text,
        consent=consent,
        can_adopt=can_adopt(task),
    )


def _finding(task: GenerationTask, attempt: Attempt) -> str:
    if not attempt.account.can_look_up:
        return _("%(vendor)s offers no look-up. Check in its console.") % {"vendor": vendor_label(attempt.account.vendor)}
    found = Message(tuple(part for part in task.error_message.parts if part not in attempt.error_message.parts))
    return translated(found) or _("No answer from the vendor.")


def _file_rows(video: Video, task: GenerationTask) -> list[Fact]:
    picture = _("%(width)d × %(height)d, %(fps)s fps, %(codec)s") % {
        "width": video.width_px,
        "height": video.height_px,
        "fps": plain_number(video.fps),
        "codec": CODECS.get(video.codec, video.codec),
    }
    rows = [
        Fact(label=_("Picture"), value=picture),
        Fact(label=_("Length"), value=_("%(n)s s") % {"n": plain_number(video.duration_s)}),
        *_reported_length(video),
        Fact(label=_("Sound"), value=_("Yes") if video.has_audio else _("None")),
        Fact(label=_("Size"), value=size(video.size_bytes)),
        Fact(label=_("Made"), value=date_time(video.created_at)),
        Fact(label=_("By"), value=name_of(video.owner)),
    ]
    if task.spent is None:
        rows += _cost(_("Cost"), task)
    else:
        rows.append(Fact(label=_("Cost"), value=money(task.spent, settings.CURRENCY)))
    rows.append(Fact(label=_("Task"), value=str(task.pk)[-12:], href=reverse("task", args=[task.pk]), mono=True))
    return rows


def _cost(label: str, task: GenerationTask) -> list[Fact]:
    """Return what the task costs, if that is known."""
    if task.is_sandbox:
        return [Fact(label=label, value=_("Sandbox, not billed"))]
    return [] if task.cost is None else [Fact(label=label, value=money(task.cost, task.currency))]


def _charged(task: GenerationTask) -> list[Fact]:
    """Return what the vendor reported when the render ended."""
    rows = []
    if task.charged_amount is not None:
        amount = in_unit(f"{task.charged_amount.normalize():f}", task.charged_unit)  # a cent has parts here
        rows.append(Fact(label=_("Charged by the vendor"), value=amount))
    if task.usage:
        rows.append(Fact(label=_("Usage reported by the vendor"), value=task.usage, mono=True))
    return rows


def _reported_length(video: Video) -> list[Fact]:
    """Return the length that the vendor reported, if the file has another: the vendor may charge by it."""
    reported_s = video.reported_duration_s
    if reported_s is None or abs(reported_s - video.duration_s) <= SAME_LENGTH_S:
        return []
    return [Fact(label=_("Length reported by the vendor"), value=_("%(n)s s") % {"n": plain_number(reported_s)})]


def history_of(task: GenerationTask) -> list[Moment]:
    """Return the task's moves in order, each with how long the state before it took."""
    attempts = list(task.attempts.all())
    moments, before = [], None
    for event in task.events.all():
        begun = [attempt.account.vendor for attempt in attempts if attempt.started_at <= event.at]
        vendor = begun[-1] if begun else task.vendor  # of that time: another vendor's model may have replaced it since
        took = duration((event.at - before.at).total_seconds()) if before else ""
        note = translated(event.note) if event.to_status != Status.FAILED else ""
        tone = FACES[event.to_status].tone if event.to_status in RESTING else ""
        moments.append(Moment(text=_event_words(task, event, vendor), detail=listed([took, note]), at=event.at, tone=tone))
        before = event
    return moments


def _event_words(task: GenerationTask, event: TaskEvent, slug: str) -> str:
    vendor = {"vendor": vendor_label(slug)}
    if not event.from_status:
        return _("Created by %(name)s") % {"name": name_of(task.owner)}
    again = {
        "running": _("Recovered: still rendering at %(vendor)s") % vendor,
        "ingesting": _("Recovered: %(vendor)s has the video") % vendor,
    }
    if event.from_status == Status.FAILED and event.to_status in again:
        return again[event.to_status]
    words = {
        "submitting": _("Slot found, sent to %(vendor)s") % vendor,
        "running": _("%(vendor)s accepted it") % vendor,
        "ingesting": _("Rendered"),
        "succeeded": _("Saved and checked"),
        "queued": _("Back in line"),
    }
    return words.get(event.to_status) or str(FACES[event.to_status].label)


def _task_rows(task: GenerationTask, caller: Caller) -> list[Fact]:
    rows = [
        Fact(label=_("Task"), value=str(task.pk), mono=True, copy_text=str(task.pk)),
        Fact(label=_("By"), value=name_of(task.owner)),
        Fact(label=_("Asked"), value=date_time(task.created_at)),
        Fact(label=pgettext("number", "Attempts"), value=str(task.attempt_count)),
    ]
    if task.submission_id:
        rows.append(Fact(label=_("Vendor's task id"), value=task.submission_id, mono=True, copy_text=task.submission_id))
    if task.content_id:
        href = reverse("gallery", query={"content": task.content_id})
        rows.append(Fact(label=_("Content id"), value=task.content_id, mono=True, href=href))
    if task.external_id:
        rows.append(Fact(label=_("External id"), value=task.external_id, mono=True))
    rows += _cost(_("Cost, estimated"), task)
    if task.spent is not None:
        facts = {"amount": money(task.spent, settings.CURRENCY), "basis": task.get_cost_basis_display()}
        rows.append(Fact(label=_("Cost"), value=_("%(amount)s, by %(basis)s") % facts if task.cost_basis else facts["amount"]))
    if caller.user.is_staff:
        rows += _charged(task)
    if task.copy_of_id:
        rows.append(Fact(label=_("Stored videos from"), value=str(task.copy_of_id)[-12:], href=reverse("task", args=[task.copy_of_id])))
    if task.retry_of_id:
        rows.append(Fact(label=_("Repeats"), value=str(task.retry_of_id)[-12:], href=reverse("task", args=[task.retry_of_id])))
    return rows


def _attempt(attempt: Attempt) -> AttemptCard:
    tone, icon = DISPATCH_LOOKS.get(attempt.dispatch, ("run", "spinner"))
    return AttemptCard(
        number=attempt.number,
        mark=mark_of(attempt.account.vendor),
        account=account_label(attempt.account),
        dispatch=attempt.get_dispatch_display(),
        tone=tone,
        icon=icon,
        at=attempt.started_at,
        took_s=(attempt.finished_at - attempt.started_at).total_seconds() if attempt.finished_at else None,
        vendor_id=attempt.submission_id,
        error=translated(attempt.error_message),
        request_text=json.dumps(attempt.request, ensure_ascii=False, indent=2),
        reply_text=json.dumps(attempt.reply, ensure_ascii=False, indent=2),
    )
