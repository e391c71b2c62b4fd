"""Judge from outside what became of the tasks: the simulator's ledger against the rows. Never the portal's own logs."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Mapping
from dataclasses import asdict, dataclass
from typing import Any

__all__ = ["HEADS", "Row", "Violation", "judge"]

SUCCEEDED, KEPT, REVIEW = "succeeded", "kept", "in review"
UNPAID_REVIEW, UNPAID_ENDED, UNPAID_WAITING = "unpaid: in review", "unpaid: ended", "unpaid: waiting"
TWICE, LOST, STUCK, BELIEVED = "bought twice", "lost", "stuck", "refusal believed"
HEADS = [SUCCEEDED, KEPT, REVIEW, UNPAID_REVIEW, UNPAID_ENDED, UNPAID_WAITING, BELIEVED, TWICE, LOST, STUCK]
"""`kept`: rendered and being fetched; its download is not part of this trial. `refusal believed`: the answer plainly refused what was paid,
so the task failed or was sent again.
"""
ENDED = {"failed", "cancelled"}


@dataclass(frozen=True, kw_only=True)
class Row:
    """What a task's row says."""

    kind: str
    vendor: str
    model: str
    prompt: str
    status: str
    submission_id: str = ""
    error_code: str = ""
    error_message: str = ""


@dataclass(frozen=True, kw_only=True)
class Violation:
    """One broken promise."""

    what: str
    kind: str
    vendor: str
    model: str
    detail: str


def judge(ledger: Mapping[str, Any], rows: Iterable[Row], *, denied: Collection[str] = ()) -> dict[str, Any]:
    """Return `table` (kind -> outcome -> count), `violations`, and how many were paid. `denied` are kinds whose answer plainly refuses."""
    paid, prompts_of = defaultdict(list), defaultdict(set)
    for entry in ledger["entries"]:
        paid[entry["prompt"]].append(entry["task_id"])
        prompts_of[entry["reference"]].add(entry["prompt"])
    table: dict[str, Counter[str]] = defaultdict(Counter)
    violations = []
    prompts = set()
    for row in rows:
        prompts.add(row.prompt)
        outcome, detail = _outcome(row, paid[row.prompt])
        if row.kind in denied and outcome in {TWICE, LOST}:
            outcome = BELIEVED
        table[row.kind][outcome] += 1
        if outcome in {TWICE, LOST, STUCK}:
            violations.append(Violation(what=outcome, kind=row.kind, vendor=row.vendor, model=row.model, detail=detail))
    astray = [(LOST, f"{prompt}: no task") for prompt in paid.keys() - prompts]
    astray += [(TWICE, f"reference {name} for {sorted(texts)}") for name, texts in prompts_of.items() if name and len(texts) > 1]
    violations += [Violation(what=what, kind="", vendor="", model="", detail=detail) for what, detail in astray]
    return {
        "paid": ledger["count"],
        "table": {kind: dict(counts) for kind, counts in table.items()},
        "violations": [asdict(violation) for violation in violations],
    }


def _outcome(row: Row, ids: list[str]) -> tuple[str, str]:
    """Return what became of a task, and the words to report it where that breaks the promise."""
    detail = f"{row.status} {row.error_code} as {row.submission_id!r}: {row.error_message[:160]}"
    if len(ids) > 1:
        return TWICE, f"{len(ids)} times; {detail}"
    if not ids:
        return _unpaid(row.status), detail
    if row.status == "needs_review":
        return REVIEW, ""
    if row.status in ENDED:
        return LOST, detail
    if row.status not in {"succeeded", "ingesting"}:
        return STUCK, detail
    if not _is_its_own(row.vendor, row.submission_id, ids[0]):
        return LOST, f"follows another render than {ids[0]}: {detail}"
    return (SUCCEEDED if row.status == "succeeded" else KEPT), ""


def _is_its_own(vendor: str, followed: str, paid: str) -> bool:
    """A service that renders while it is asked is followed by the video's address, which holds the id. Jimeng's render has two ids, its
    own and its record's; the simulator's are neighbours.
    """
    return paid in followed or (vendor == "jimeng" and followed == str(int(paid) + 1))


def _unpaid(status: str) -> str:
    if status == "needs_review":
        return UNPAID_REVIEW
    if status in {"queued", "submitting"}:
        return UNPAID_WAITING if status == "queued" else STUCK
    return UNPAID_ENDED if status in ENDED else LOST
