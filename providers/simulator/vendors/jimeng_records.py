"""How Jimeng's web endpoints report a task: integers for states, and three ids that follow from one another."""

from __future__ import annotations

import math
from typing import Any

from providers.simulator.tasks import SimTask, State

Report = dict[str, Any]
SUBMITTED, THINKING, FINISHING, DONE = 20, 42, 45, 50
ODD = 77
_FINISHING_SHARE = 0.2
_ITEM_OFFSET = 4 * 10**18
_FAILURES = {
    "fail-content": (30, "2038", "InputTextRisk"),
    "fail-internal": (30, "2002", "GenerateError"),
    "fail-status-10": (10, "2005", "PreTextRisk"),
    "fail-status-40": (40, "2042", "VideoRisk"),
    "fail-status-100": (100, "", ""),
}


def history_id(task: SimTask) -> str:
    return str(int(task.id) + 1)


def item_id(task: SimTask) -> str:
    return str(int(task.id) + _ITEM_OFFSET)


def task_id_of_history(name: str) -> str:
    return str(int(name) - 1) if name.isdecimal() else ""


def task_id_of_item(name: str) -> str:
    return str(int(name) - _ITEM_OFFSET) if name.isdecimal() else ""


def status(task: SimTask, now: float) -> int:
    match task.state(now):
        case State.QUEUED:
            return SUBMITTED
        case State.FAILED:
            return _FAILURES[task.failure or "fail-internal"][0]
        case State.SUCCEEDED:
            return next((word for name, word in (("done-status-10", 10), ("done-status-45", 45)) if task.plan.has(name)), DONE)
    if task.ended_at == math.inf:
        return THINKING
    is_finishing = now >= task.ended_at - _FINISHING_SHARE * (task.ended_at - task.started_at)
    return FINISHING if is_finishing else THINKING


def report(task: SimTask, now: float, base: str) -> Report:
    """Report a task as `mget_generate_task` does."""
    fields = {"task_id": task.id, "status": status(task, now), "history_id": history_id(task), "item_list": items(task, now, base)}
    if task.state(now) is State.FAILED:
        _, fields["fail_code"], fields["fail_msg"] = _FAILURES[task.failure or "fail-internal"]
    return fields


def record(task: SimTask, now: float, base: str) -> Report:
    """Report a task as `get_history_by_ids` does."""
    is_over = now >= task.ended_at
    _, fail_code, fail_word = _FAILURES[task.failure or "fail-internal"] if task.state(now) is State.FAILED else (0, "", "")
    return {
        "history_record_id": history_id(task),
        "status": status(task, now),
        "task": {
            "task_id": task.id,
            "submit_id": task.order.reference,
            "status": status(task, now),
            "finish_time": int(task.ended_at) if is_over else 0,
            "history_id": history_id(task),
        },
        "fail_code": fail_code,
        "fail_starling_key": fail_word,
        "fail_starling_message": fail_word,
        "item_list": items(task, now, base, ("360p", "480p", "720p", "origin")),
        "queue_info": _queue(task, now),
        "forecast_generate_cost": 60,
        "total_image_count": 1,
        "finished_image_count": int(task.state(now) is State.SUCCEEDED),
        "model_info": {"model_req_key": task.order.model},
        "created_time": round(task.submitted_at, 3),
    }


def items(task: SimTask, now: float, base: str, renditions: tuple[str, ...] = ("origin",)) -> list[Report]:
    """List the one video of a task that succeeded; its renditions are all the same file here."""
    if task.state(now) is not State.SUCCEEDED:
        return []
    order = task.order
    name = f"v{task.number:04d}"
    file = {"video_url": task.link(base, name), "width": order.width_px, "height": order.height_px, "fps": 24, "format": "mp4", "md5": ""}
    video = {
        "video_id": name,
        "duration_ms": order.duration_s * 1000,
        "transcoded_video": {size: {**file, "definition": size} for size in renditions},
    }
    return [{"common_attr": {"id": item_id(task)}, "video": video}]


def _queue(task: SimTask, now: float) -> Report:
    is_waiting = now < task.started_at
    return {
        "queue_idx": int(is_waiting),
        "priority": 0,
        "queue_status": 1 if is_waiting else 2,
        "queue_length": int(is_waiting),
        "polling_config": {"interval_seconds": 30, "timeout_seconds": 86_400},
    }
