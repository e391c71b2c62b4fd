"""What a person may do with a task now: buttons, as templates/_components/actions.html wants them."""

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
    if task.state in {Status.QUEUED, Status.RUNNING} and not task.cancel_requested_at:
        return [_cancel(task)]
    if task.state is Status.FAILED:
        return [_retry(task), _details(task)]
    if task.state is Status.SUCCEEDED:
        again = _post(task, "retry", _("Run again"), "rotate-cw")
        return [*_open(task), again, _details(task)]
    if task.state is Status.CANCELLED:
        return [_post(task, "retry", _("Run again"), "rotate-cw"), _details(task)]
    return [_details(task)]


def _retry(task: GenerationTask) -> Action:
    """Return Retry, or a link to the retry that was made already, so that nobody buys it twice. `with_cards` sets `retried_as`."""
    if again := getattr(task, "retried_as", None):
        return Action(url=reverse("task", args=[again]), label=_("Open the retry"), icon="arrow-right", method="get")
    return _post(task, "retry", _("Retry"), "rotate-cw")


def _cancel(task: GenerationTask) -> Action:
    stoppable = task.state is Status.RUNNING and task.account is not None and task.account.can_cancel
    ask = _("Ask the vendor to stop this render? You may still be charged for it.") if stoppable else ""
    return Action(url=reverse("task-cancel", args=[task.pk]), label=_("Cancel"), icon="x", confirm=ask)


def _post(task: GenerationTask, verb: str, label: str, icon: str) -> Action:
    return Action(url=reverse(f"task-{verb}", args=[task.pk]), label=label, icon=icon)


def _details(task: GenerationTask) -> Action:
    return Action(url=reverse("task", args=[task.pk]), label=_("Details"), icon="ellipsis", method="get")


def _open(task: GenerationTask) -> list[Action]:
    return [Action(url=reverse("video", args=[video.pk]), label=_("Open"), icon="play", method="get") for video in task.videos.all()[:1]]


def edit_action(task: GenerationTask) -> Action:
    """Opens the Studio filled with this task."""
    url = f"{reverse('studio')}?from_task={task.pk}"
    return Action(url=url, label=_("Edit and retry"), icon="pencil", method="get")


def failure_note(task: GenerationTask, caller: Caller, *, in_full: bool = True) -> Note | None:
    """Why it did not end well, what to do, and the buttons for it; None for a task that is well."""
    if task.state is Status.FAILED:
        happened, advice = failure_sentence(task.error_code)
        return Note(
            title=happened,
            text=advice,
            code=_vendor_words(task) if in_full else task.vendor_code,
            icon="shield-alert" if task.error_code in REFUSALS else "circle-alert",
            actions=[edit_action(task)],
            report=report_of(task),
        )
    if task.state is Status.NEEDS_REVIEW:
        return _review_note(task, caller)
    return None


def _review_note(task: GenerationTask, caller: Caller) -> Note:
    happened, advice = review_sentence(task.error_code)
    if not may(caller, "decide", task):
        text = _("An administrator will check with the vendor. Nothing is sent twice.")
        actions = []
    else:
        text = advice
        decide = Action(url=f"{reverse('task', args=[task.pk])}#review", label=_("Decide"), icon="search", method="get")
        actions = [decide]
    return Note(
        title=happened,
        text=text,
        code=translated(task.error_message)[:300],
        tone="warn",
        icon="triangle-alert",
        actions=actions,
        report=report_of(task),
    )


def _vendor_words(task: GenerationTask) -> str:
    """What the vendor said, with its code."""
    return " ".join(part for part in (task.vendor_code, translated(task.error_message)[:300]) if part)


def report_of(task: GenerationTask) -> str:
    """Plain text for a colleague or the vendor's support. It holds no secret and no prompt."""
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
