"""Writes the text for a chat or a mailbox: several events in one message, in the endpoint's language. It never has a prompt."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from django.conf import settings
from django.utils import translation
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from providers.core.messages import Message, say
from providers.labels import listed
from providers.messages import translated
from webhooks.messages import budget_words
from webhooks.models import Delivery, Endpoint

__all__ = ["subject_and_text"]

MOST_LINES = 12


def subject_and_text(endpoint: Endpoint, deliveries: Sequence[Delivery], *, most_bytes: int) -> tuple[str, str]:
    """Return one line that sums up, and the text: that line and one for each event, as many as fit."""
    with translation.override(endpoint.language):
        bodies = [json.loads(one.body) for one in deliveries]
        head = _("Video Portal: %(what)s") % {"what": _summary([body["type"] for body in bodies])}
        lines = [line for body in bodies if (line := _line(body["type"], body["data"]))]
        shown, text = 0, head
        for line in lines[:MOST_LINES]:
            if len(f"{text}\n{line}\n{_more(len(lines))}".encode()) > most_bytes:
                break
            text, shown = f"{text}\n{line}", shown + 1
        return head, text if shown == len(lines) else f"{text}\n{_more(len(lines) - shown)}"


def _more(count: int) -> str:
    return ngettext("and %(n)d more", "and %(n)d more", count) % {"n": count}


def _summary(types: Sequence[str]) -> str:
    """Return how many of each: `12 done, 1 failed`."""
    counts = [(name, types.count(name)) for name in dict.fromkeys(types)]
    return listed([_count_words(name, count) for name, count in counts])


def _count_words(name: str, count: int) -> str:
    words = {
        "task.started": ngettext("%(n)d video started", "%(n)d videos started", count),
        "task.succeeded": ngettext("%(n)d video done", "%(n)d videos done", count),
        "task.failed": ngettext("%(n)d video failed", "%(n)d videos failed", count),
        "task.cancelled": ngettext("%(n)d video cancelled", "%(n)d videos cancelled", count),
        "task.needs_review": ngettext("%(n)d video needs review", "%(n)d videos need review", count),
        "task.expiring": ngettext(
            "%(n)d video is not stored and ends at the vendor soon", "%(n)d videos are not stored and end at the vendor soon", count
        ),
        "account.resting": ngettext("%(n)d account rests", "%(n)d accounts rest", count),
        "system.alert": ngettext("%(n)d thing needs an administrator", "%(n)d things need an administrator", count),
        "system.recovered": ngettext("%(n)d thing is well again", "%(n)d things are well again", count),
        "budget.warning": ngettext("%(n)d budget is almost used up", "%(n)d budgets are almost used up", count),
        "batch.finished": ngettext("%(n)d batch has ended", "%(n)d batches have ended", count),
        "batch.run_failed": ngettext("%(n)d recurring batch made no videos", "%(n)d recurring batches made no videos", count),
        "endpoint.disabled": ngettext("%(n)d endpoint was disabled", "%(n)d endpoints were disabled", count),
        "video.reviewed": ngettext("%(n)d review of a video", "%(n)d reviews of videos", count),
        "ping": ngettext("%(n)d test message", "%(n)d test messages", count),
    }
    return words.get(name, f"%(n)d × {name}") % {"n": count}


def _line(name: str, facts: dict[str, Any]) -> str:
    """Return one event in a line with the address of its page; empty for a test."""
    if name.startswith("task."):
        what = " · ".join(filter(None, [facts["model"], facts["content_id"], facts["external_id"], facts["error_code"]]))
        return f"{_count_words(name, 1)}: {what} {settings.PUBLIC_URL}/tasks/{facts['id']}/"
    if name == "account.resting":
        return _("%(name)s takes no new tasks until %(time)s.") % {"name": facts["label"], "time": facts["resting_until"]}
    if name == "endpoint.disabled":
        return f"{facts.get('label', '')} {settings.PUBLIC_URL}/webhooks/{facts['id']}/"
    if name == "batch.finished":
        words = _("%(name)s has ended: %(done)d videos done, %(failed)d failed, %(refused)d refused.")
        counts = {"name": facts["name"], "done": facts["succeeded"], "failed": facts["failed"], "refused": facts["refused"]}
        return f"{words % counts} {settings.PUBLIC_URL}/batches/{facts['id']}/"
    if name == "batch.run_failed":
        return f"{facts['name']}: {facts['words']} {settings.PUBLIC_URL}/batches/recurring/{facts['id']}/"
    if name == "video.reviewed":
        words = " · ".join(filter(None, [translated(_review_words(facts["state"], facts["by"])), facts["note"]]))
        return f"{words} {settings.PUBLIC_URL}/videos/{facts['id']}/"
    if name == "system.alert":
        return f"{translated(Message.of(facts['message']))} {settings.PUBLIC_URL}/system/"
    if name == "system.recovered":
        return _("It is over: %(words)s") % {"words": translated(Message.of(facts["message"]))}
    if name == "budget.warning":
        return translated(budget_words(facts))
    return ""


def _review_words(state: str, by: str) -> Message:
    """Return who decided what about a video."""
    if state == "wanted":
        return say("review_wanted", by=by)
    if state == "approved":
        return say("review_approved", by=by)
    return say("review_rejected", by=by) if state == "rejected" else say("review_none", by=by)
