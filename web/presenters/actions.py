"""What a person may do with a task now, as buttons for templates/_components/actions.html."""

from __future__ import annotations

from dataclasses import dataclass

from django.urls import reverse
from django.utils.translation import gettext as _

from access.callers import Caller
from access.rights import may
from generation.lifecycle import Status
from generation.messages import failure_sentence, review_sentence
from generation.models import GenerationTask
from generation.queries.refused_field import REFUSALS
from providers.messages import translated

__all__ = ["Action", "actions_of", "failure_note", "report_of"]


OF_THE_ACCOUNT = frozenset({"auth_failed", "out_of_credit", "wrong_endpoint"})
"""Failures after which the same request may succeed, once the account is mended: nothing has to be edited."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Action:
    """One button. `method` is post or get; `confirm` is asked first."""

    url: str
    label: str
    icon: str
    method: str = "post"
    confirm: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class Note:
    """Why a task did not end well, and what to do: why.html. `code` is the vendor's own words, `report` a text to copy."""

    title: str
    text: str
    code: str
    icon: str
    actions: list[Action]
    report: str
    tone: str = ""


def actions_of(task: GenerationTask, caller: Caller) -> list[Action]:
    """Return the buttons at the end of a row; those that change something only for people who may act on the task."""
    actions = _all_actions(task)
    return actions if may(caller, "act", task) else [action for action in actions if action.method == "get"]


def _all_actions(task: GenerationTask) -> list[Action]:
    stoppable = task.state is Status.RUNNING and task.account is not None and task.account.can_cancel
    if (task.state is Status.QUEUED or stoppable) and not task.cancel_requested_at:
        return [_cancel(task)]
    if task.state is Status.FAILED:
        return [_retry(task), _details(task)]
    if task.state is Status.SUCCEEDED:
        urls = [reverse("video", args=[video.pk]) for video in task.kept_videos()[:1]]
        opens = [Action(url=url, label=_("Open"), icon="play", method="get") for url in urls]
        if not opens:
            back = [reverse("video-restore", args=[video.pk], query={"open": 1}) for video in task.binned_videos()[:1]]
            opens = [Action(url=url, label=_("Restore the video"), icon="undo-2") for url in back]
        return [*opens, _order_again(task, _("Run again")), _details(task)]
    if task.state is Status.CANCELLED:
        return [_order_again(task, _("Run again")), _details(task)]
    return [_details(task)]


def _retry(task: GenerationTask) -> Action:
    """Return Retry, or a link to the existing retry, so that nobody buys it twice. `with_cards` sets `retried_as`."""
    if again := getattr(task, "retried_as", None):
        return Action(url=reverse("task", args=[again]), label=_("Open the retry"), icon="arrow-right", method="get")
    return _order_again(task, _("Retry"))


def _cancel(task: GenerationTask) -> Action:
    ask = _("Ask the vendor to stop this render? You may still be charged for it.") if task.state is Status.RUNNING else ""
    return Action(url=reverse("task-cancel", args=[task.pk]), label=_("Cancel"), icon="x", confirm=ask)


def _order_again(task: GenerationTask, label: str) -> Action:
    return Action(url=reverse("task-retry", args=[task.pk]), label=label, icon="rotate-cw")


def _details(task: GenerationTask) -> Action:
    return Action(url=reverse("task", args=[task.pk]), label=_("Details"), icon="ellipsis", method="get")


def failure_note(task: GenerationTask, caller: Caller) -> Note | None:
    """Return why the task did not end well, what to do, and the buttons for it; None for every other task."""
    if task.state is Status.FAILED:
        happened, advice = failure_sentence(task.error_code)
        return Note(
            title=happened,
            text=advice,
            code=" ".join(part for part in (task.vendor_code, translated(task.error_message)[:300]) if part),
            icon="shield-alert" if task.error_code in REFUSALS else "circle-alert",
            actions=_after_failure(task, caller),
            report=report_of(task),
        )
    if task.state is Status.NEEDS_REVIEW:
        return _review_note(task, caller)
    return None


def _after_failure(task: GenerationTask, caller: Caller) -> list[Action]:
    """Return the buttons beside the reason, the most useful first."""
    edit = Action(url=reverse("studio", query={"from_task": task.pk}), label=_("Edit and retry"), icon="pencil", method="get")
    if not may(caller, "act", task):
        return [edit]
    actions = [_retry(task), edit] if task.error_code in OF_THE_ACCOUNT else [edit]
    if task.dismissed_at is None and getattr(task, "retried_as", None) is None:
        actions.append(Action(url=reverse("task-dismiss", args=[task.pk]), label=_("Dismiss"), icon="check"))
    return actions


def _review_note(task: GenerationTask, caller: Caller) -> Note:
    happened, advice = review_sentence(task.error_code)
    decides = may(caller, "decide", task)
    review_url = reverse("task", args=[task.pk], fragment="review")
    return Note(
        title=happened,
        text=advice if decides else _("An administrator will check with the vendor. Nothing is sent twice."),
        code=translated(task.error_message)[:300],
        tone="warn",
        icon="triangle-alert",
        actions=[Action(url=review_url, label=_("Decide"), icon="search", method="get")] if decides else [],
        report=report_of(task),
    )


def report_of(task: GenerationTask) -> str:
    """Return plain text for a colleague or the vendor's support, without secrets and without the prompt."""
    facts = {
        "task": task.pk,
        "model": task.model,
        "status": task.status,
        "error": task.error_code,
        "vendor code": task.vendor_code,
        "vendor says": str(task.error_message),
        "vendor's task id": task.submission_id,
        "attempts": task.attempt_count,
        "created": task.created_at.isoformat(timespec="seconds"),
        "finished": task.finished_at.isoformat(timespec="seconds") if task.finished_at else "",
    }
    return "\n".join(f"{name}: {value}" for name, value in facts.items() if value not in {"", 0})
