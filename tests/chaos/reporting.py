"""What the commands of this package share: play a trial on a stage, and report it as text for docs/reliability.md."""

from __future__ import annotations

import json
import signal
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import psutil

from benchmarks.stage import Stage

__all__ = ["counts", "last_words", "on_each", "play", "table"]

ENDED_BY_HAND = (-signal.SIGINT, -signal.SIGTERM)
WORKER_LOG = "worker.log"


def on_each(databases: Sequence[str], trial: Callable[[str], bool], *, at_once: bool = False) -> int:
    """Return the exit status: 0 when every trial kept the promise. Ctrl-C and SIGTERM end the trials and everything that they started."""
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    with ThreadPoolExecutor(max_workers=len(databases) if at_once else 1) as pool:
        try:
            return int(not all(list(pool.map(trial, databases))))
        except KeyboardInterrupt:
            pool.shutdown(wait=False, cancel_futures=True)
            for child in psutil.Process().children():
                child.terminate()  # a trial; what it started ends with it. janitors ignore it
            print("interrupted", flush=True)
            return 130


def play(stage: Stage, module: str, plan: dict[str, Any]) -> dict[str, Any] | None:
    """`python -m module PLAN.json RESULT.json` on this stage; what it found, or None when the trial itself failed."""
    plan_file, result_file = stage.folder / "plan.json", stage.folder / "result.json"
    plan_file.write_text(json.dumps(plan))
    status = stage.run("-m", module, str(plan_file), str(result_file))
    if status in ENDED_BY_HAND:
        raise KeyboardInterrupt
    return json.loads(result_file.read_text()) if status == 0 else None


def last_words(stage: Stage, lines: int = 40) -> str:
    log = stage.folder / WORKER_LOG
    return "\n".join(log.read_text(errors="replace").splitlines()[-lines:]) if log.exists() else "(none)"


def table(heads: list[str], rows: dict[str, list[Any]]) -> str:
    """Return a Markdown table with a name in front of each row."""
    lines = [["", *heads], ["---"] * (len(heads) + 1), *([name, *map(str, cells)] for name, cells in rows.items())]
    return "\n".join("| " + " | ".join(cells) + " |" for cells in lines)


def counts(numbers: dict[str, Any]) -> str:
    return ", ".join(f"{name or 'none'} {number}" for name, number in sorted(numbers.items())) or "-"
