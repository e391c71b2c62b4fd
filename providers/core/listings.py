"""Reads vendors' lists of tasks: the answers of a batch poll, and what a list proves where tasks carry no reference of ours."""

from __future__ import annotations

from collections.abc import Callable, Container, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from providers.core.errors import ProviderError, SubmissionGone, UnexpectedReply, Unsupported
from providers.core.types import Exchange, Snapshot, Submission, WireReply, WireRequest

__all__ = [
    "LISTS_ONLY",
    "Listed",
    "Page",
    "Stretch",
    "absence_along",
    "absence_on_pages",
    "moment",
    "only_answer",
    "require_absence",
    "rows_of",
    "snapshots_by_id",
    "without_others",
]

LISTS_ONLY = "knows from its list that a submit was not accepted, but not which render is ours"
"""What a look-up can find out where tasks carry no reference of ours (`Provider.look_up_finds`)."""
CLOCK_SKEW = timedelta(minutes=5)
CENTURIES_S = 10**11


def rows_of(value: object) -> list[Mapping[str, Any]]:
    """Return a list of objects; raise `UnexpectedReply` for anything else, also among them: what cannot be read proves no absence."""
    if not isinstance(value, list) or not all(isinstance(row, dict) for row in value):
        raise UnexpectedReply("The vendor answered without a readable list of tasks.")
    return value


def snapshots_by_id(rows: object, read: Callable[[Mapping[str, Any]], Snapshot]) -> dict[str, Snapshot | ProviderError]:
    """Return a batch poll's answers under each row's `id`; a row that cannot be read is its own error."""
    answers: dict[str, Snapshot | ProviderError] = {}
    for row in rows_of(rows):
        name = row.get("id")
        if not isinstance(name, (str, int)) or not name:
            raise UnexpectedReply("The vendor's list has a task without an id.")
        try:
            answers[str(name)] = read(row)
        except ProviderError as error:
            answers[str(name)] = error
    return answers


def only_answer(answers: Mapping[str, Snapshot | ProviderError], submission: Submission, gone: str) -> Snapshot:
    """Return the answer about one submission, raise the error that is its answer, or `SubmissionGone` when there is none."""
    answer = answers.get(submission.id, SubmissionGone(gone))
    if isinstance(answer, ProviderError):
        raise answer
    return answer


def moment(seconds: object) -> datetime | None:
    """Return the time of these Unix seconds; None for anything that is not a plausible number of them."""
    if isinstance(seconds, bool) or not isinstance(seconds, (int, float)) or not 0 < seconds < CENTURIES_S:
        return None
    return datetime.fromtimestamp(seconds, UTC)


def without_others(rows: Iterable[Mapping[str, Any]], *, named: str, others: Container[str]) -> list[Mapping[str, Any]]:
    """Return the rows without those that are plainly of another model (see `Provider.names_of_others`).

    The vendor is not asked to filter: were a model filed under another name, its tasks would look absent and be bought again.
    """
    return [row for row in rows if not isinstance(row.get(named), str) or row[named] not in others]


@dataclass(frozen=True, kw_only=True)
class Listed:
    """One task of a list; `created_at` is None where the vendor does not say it in a form that we trust."""

    id: str
    created_at: datetime | None


@dataclass(frozen=True, kw_only=True)
class Page:
    """One page of a list: those of its tasks that may be of the model in question, how many rows it has, and how many there are in all."""

    tasks: Sequence[Listed]
    rows: int
    total: int


def absence_on_pages(
    ask: Callable[[int], WireRequest], read: Callable[[WireReply], Page], *, most: int, since: datetime, known: Sequence[str]
) -> Exchange[None]:
    """Read a list to its end, at most `most` pages from the first on; return if it certainly has no task of ours begun at `since`."""
    seen = 0
    for number in range(1, most + 1):
        reply = yield ask(number)
        page = read(reply)
        require_absence(page.tasks, since=since, known=known)
        seen += page.rows
        if seen >= page.total:
            return
        if not page.rows:
            break
    raise Unsupported("The vendor's list of tasks is longer than can be read.")


@dataclass(frozen=True, kw_only=True)
class Stretch:
    """A part of a list that is read by cursors: its tasks, and the cursor of the next part; empty at the end."""

    tasks: Sequence[Listed]
    after: str


def absence_along(
    ask: Callable[[str], WireRequest], read: Callable[[WireReply], Stretch], *, most: int, since: datetime, known: Sequence[str]
) -> Exchange[None]:
    """Read a list from cursor to cursor to its end, at most `most` parts; return if it certainly has no task of ours begun at `since`.

    It proves that only if it has every task that is known to be there: a gateway may list one of its vendors, or nothing, and call that
    the list (LiteLLM 1.110.2).
    """
    after, missing = "", set(known)
    for _ in range(most):
        reply = yield ask(after)
        stretch = read(reply)
        require_absence(stretch.tasks, since=since, known=known)
        missing.difference_update(task.id for task in stretch.tasks)
        if not stretch.after:
            if missing or not known:
                raise Unsupported("The vendor's list does not show that it has all tasks of the account.")
            return
        after = stretch.after
    raise Unsupported("The vendor's list of tasks is longer than can be read.")


def require_absence(listed: Iterable[Listed], *, since: datetime, known: Sequence[str]) -> None:
    """Return if the list certainly has no task of ours begun at `since`; raise `Unsupported` if one of its tasks may be ours."""
    ours = set(known)
    for task in listed:
        late = task.created_at is None or task.created_at >= since - CLOCK_SKEW
        if late and task.id not in ours:
            raise Unsupported("The vendor lists a task from that time which may be this one; its list does not carry our reference.")
