"""Workers are killed while they save."""

from __future__ import annotations

import signal
import time
from collections import Counter

import oss2
import psutil

from generation.ingest.sweep import OLD_ENOUGH, sweep
from generation.lifecycle import RESTING, Status
from generation.models import GenerationTask, Video
from tests.storage_trials.bucket import client_of, missing_and_wrong, orphans
from tests.storage_trials.trial import Scene

__all__ = ["play"]

TASKS_A_KILL = 3
"""A task whose save has ended three workers goes to a person, so kills are spread over many."""
SLOW_S = 0.4
"""How long a request that writes takes at least, so that kills hit it and not only what is between."""
WRITES = ("PutObject", "InitiateMultipartUpload", "UploadPart", "CompleteMultipartUpload")
ROOT_EVERY = 10


def play(scene: Scene) -> None:
    kills, began = scene.plan["kills"], time.monotonic()
    for operation in WRITES:
        scene.oss.fault("slow", operation=operation, delay_s=SLOW_S, count=0)
    total, made, struck = kills * TASKS_A_KILL, 0, Counter[str]()
    mine = GenerationTask.objects.filter(prompt__text__contains="killed")
    while struck.total() < kills and time.monotonic() - began < scene.plan["limit_s"]:
        scene.worker.tend()
        while made < min(total, (struck.total() + 2) * TASKS_A_KILL):
            scene.order("killed", made)
            made += 1
        if any(scene.oss.state()["under_way"].get(operation) for operation in WRITES):
            time.sleep(scene.random.uniform(0, 2 * SLOW_S))
            if role := _strike(scene, at_root=struck.total() % ROOT_EVERY == ROOT_EVERY - 1):
                struck[role] += 1
        time.sleep(0.1)
    scene.until(lambda: not mine.exclude(status__in=RESTING).exists(), "everything is settled after the last kill")
    before = orphans(scene.oss)
    scene.oss.age(2 * OLD_ENOUGH.total_seconds())
    sweep()
    ended, left = Counter(mine.values_list("status", flat=True)), orphans(scene.oss)
    scene.table |= {
        "killed: kills": f"{struck.total()}: {dict(struck)}",
        "killed: tasks": dict(ended),
        "killed: orphans before, after the sweep": f"{len(before)}, {len(left)}",
        "killed: uploads in parts left": len(list(oss2.MultipartUploadIterator(client_of(scene.oss)))),
    }
    in_review = set(map(str, mine.filter(status=Status.NEEDS_REVIEW).values_list("pk", flat=True)))
    scene.complaints += [f"after the sweep no row names {key}" for key in left if not any(task in key for task in in_review)]
    scene.complaints += missing_and_wrong(scene.oss)
    if struck.total() < kills:
        scene.complaints.append(f"only {struck.total()} kills hit a save")
    if set(ended) - {Status.SUCCEEDED.value, Status.NEEDS_REVIEW.value}:
        scene.complaints.append(f"killed saves ended as {dict(ended)}")
    if Video.objects.filter(task__in=mine).count() != ended[Status.SUCCEEDED.value]:
        scene.complaints.append("the number of videos is not that of the tasks that succeeded")


def _strike(scene: Scene, *, at_root: bool) -> str:
    """Kill the whole worker, or one process of those that save. Return what it was, empty if it had ended by itself."""
    if at_root:
        scene.worker.kill()
        return "worker"
    pool = scene.worker.pool_of("ingest")
    saving = [process for process in pool if _talks_to(process, scene.oss.port)]
    if not saving:
        return ""
    try:
        scene.random.choice(saving).send_signal(signal.SIGKILL)
    except psutil.NoSuchProcess:
        return ""
    return "process that saves"


def _talks_to(process: psutil.Process, port: int) -> bool:
    try:
        return any(connection.raddr and connection.raddr.port == port for connection in process.net_connections("tcp4"))
    except (psutil.NoSuchProcess, psutil.AccessDenied):
        return False
