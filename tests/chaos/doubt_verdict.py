"""What became of submits whose answers were lost: the simulator's ledger against the rows, for each vendor and way to lose an answer."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping
from typing import Any

from generation.lifecycle import Status
from generation.models import GenerationTask
from tests.chaos.orders import LOST_ANSWERS

__all__ = ["HEADS", "judge"]

TASKS, PAID, TWICE, ADOPTED, REVIEW, UNPAID, LOST = "tasks", "paid submits", "paid twice", "adopted", "in review", "of it unpaid", "lost"
HEADS = [TASKS, PAID, TWICE, ADOPTED, REVIEW, UNPAID, LOST]
WITH_ID = {Status.RUNNING, Status.INGESTING, Status.SUCCEEDED}


def judge(ledger: dict[str, Any], models: Mapping[str, bool]) -> dict[str, Any]:
    """Return `groups` of [model, fault, counts], and `complaints`. `models`: whether the vendor can be asked about our reference."""
    paid = defaultdict(list)
    for entry in ledger["entries"]:
        paid[entry["prompt"]].append(entry["task_id"])
    tasks = list(GenerationTask.objects.select_related("prompt"))
    groups = []
    complaints = [f"paid without a task: {prompt}" for prompt in paid.keys() - {task.prompt.text for task in tasks}]
    complaints += [f"one reference paid {times} times: {name}" for name, times in ledger["by_reference"].items() if times > 1]
    for model, can_be_asked in models.items():
        for fault, token in LOST_ANSWERS.items():
            mine = [task for task in tasks if task.model == model and f"#fault:{token}" in task.prompt.text]
            count = Counter({TASKS: len(mine)})
            for task in mine:
                count.update(_became(task, paid[task.prompt.text]))
            groups.append([model, fault, {head: count[head] for head in HEADS}])
            complaints += _complaints(f"{model}, {fault}", count, can_be_asked=can_be_asked)
    return {"groups": groups, "complaints": complaints}


def _became(task: GenerationTask, ids: list[str]) -> Counter[str]:
    count = Counter({PAID: len(ids), TWICE: int(len(ids) > 1)})
    if task.state is Status.NEEDS_REVIEW:
        count[REVIEW] = 1
        count[UNPAID] = int(not ids)
    elif task.state in WITH_ID and task.submission_id in ids:
        count[ADOPTED] = 1
    else:
        count[LOST] = 1
    return count


def _complaints(group: str, count: Counter[str], *, can_be_asked: bool) -> list[str]:
    wanted = ADOPTED if can_be_asked else REVIEW
    forbidden = {name: count[name] for name in (TWICE, LOST) if count[name]}
    astray = {wanted: count[wanted], TASKS: count[TASKS]} if count[wanted] != count[TASKS] else {}
    return [f"{group}: {found}" for found in (forbidden, astray) if found]
