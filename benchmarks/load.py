"""What the benchmarks of polls share: running tasks that the portal has not sent, and a worker whose reports are read."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

from django.contrib.auth.models import User
from django.utils import timezone

from generation.models import GenerationTask, Prompt
from providers.models import ProviderAccount

__all__ = ["RunningWorker", "fill", "run_worker"]

INTERVAL_S = 5
REPORT = re.compile(r"account=(\S+) polls=(\d+) .*late=(\d+) lag_p50_s=([\d.]+) lag_p95_s=([\d.]+)")


def fill(account: ProviderAccount, owner: User, ids: list[str], *, model: str, kind: str = "") -> None:
    """Store tasks as they are after the vendor has accepted them, due over the next interval."""
    now, prompt = timezone.now(), Prompt.objects.create(owner=owner, text="bench")
    GenerationTask.objects.bulk_create(
        (
            GenerationTask(
                owner=owner,
                prompt=prompt,
                model=model,
                status="running",
                account=account,
                submission_id=name,
                submission_kind=kind,
                vendor_state="processing",
                created_at=now,
                updated_at=now,
                accepted_at=now,
                deadline_at=now + timedelta(days=1),
                due_at=now + timedelta(seconds=INTERVAL_S * number / len(ids)),
            )
            for number, name in enumerate(ids)
        ),
        batch_size=1000,
    )


@dataclass(frozen=True, kw_only=True)
class RunningWorker:
    """A `manage.py worker` and its log."""

    pid: int
    log: Path

    def written(self) -> int:
        return self.log.stat().st_size

    def lags(self, account: ProviderAccount, *, since: int) -> dict[str, Any]:
        """Return what this account's poll jobs reported after byte `since` of the log, weighted by their polls."""
        lines = self.log.read_bytes()[since:].decode()
        reports = [tuple(map(float, figures)) for name, *figures in REPORT.findall(lines) if name == str(account.pk)]
        total = sum(report[0] for report in reports) or 1.0
        late = sum(report[1] for report in reports)
        p50_s, p95_s = (round(sum(report[0] * report[column] for report in reports) / total, 3) for column in (2, 3))
        return {"lag_p50_s": p50_s, "lag_p95_s": p95_s, "over_1s_percent": round(100 * late / total, 1)}


@contextmanager
def run_worker() -> Iterator[RunningWorker]:
    log = Path(os.environ["PORTAL_DATA_DIR"]).parent / "worker.log"
    with log.open("wb") as file:
        worker = subprocess.Popen(
            [sys.executable, "manage.py", "worker"], env=os.environ | {"PORTAL_POLL_EVERY_S": str(INTERVAL_S)}, stderr=file
        )
    try:
        yield RunningWorker(pid=worker.pid, log=log)
    finally:
        worker.terminate()
        worker.wait(40)
