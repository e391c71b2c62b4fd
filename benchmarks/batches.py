"""Measures a batch of 10,000 rows, and the orders of others beside it: `python -m benchmarks batches`, on a stage.

check, accept   in this process, as a worker and a web process do it: processor seconds, time, and the growth of memory at its highest
others          a worker checks and starts such a batch, while people without other tasks order one video each, at the same account:
                the time until the vendor has accepted that
files           hostile and large files (tests/batches/bad_files.py), read or refused; processor and memory are those of the worker and of
                the process that opens XLSX files, together
"""

from __future__ import annotations

import io
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from threading import Event, Thread
from typing import Any, Self

import django

django.setup()

from django.contrib.auth.models import User  # noqa: E402
from django.db import connection  # noqa: E402

from access.callers import Caller  # noqa: E402
from batches import steps  # noqa: E402
from batches.accepting import accept  # noqa: E402
from batches.models import Batch, State  # noqa: E402
from batches.reading.files import read_file  # noqa: E402
from batches.reading.sheet import BadFile  # noqa: E402
from batches.upload import upload  # noqa: E402
from generation.models import GenerationTask  # noqa: E402
from generation.ordering.create import create  # noqa: E402
from generation.ordering.order import Order  # noqa: E402
from jobs.parent_death import die_with_parent  # noqa: E402
from providers.accounts.clients import set_credentials  # noqa: E402
from providers.accounts.sandbox import ensure_sandbox_accounts  # noqa: E402
from providers.models import ModelPrice, ProviderAccount  # noqa: E402
from providers.vendors import PROVIDERS  # noqa: E402
from tests.batches.bad_files import GOOD, HOSTILE, peak_kb, start_peak  # noqa: E402
from tools.stack import Stack  # noqa: E402

SHORT = os.environ.get("BENCH_SHORT") == "1"
ROWS, OTHERS = (1_000, 4) if SHORT else (10_000, 20)
PAUSE_S, PATIENCE_S = 2.0, 600.0
MODEL = "kling/kling-v2-5-turbo"
HEADING = "prompt,params.duration_s,params.aspect_ratio,content_id,metadata.sku\n"
Row = dict[str, Any]


def main() -> None:
    if sys.argv[1] == "read":
        print(json.dumps(_measured(lambda: _read(Path(sys.argv[2])))))
        return
    rows = _alone() | _with_others() | _files()
    Path(sys.argv[1]).write_text(json.dumps(rows))


def _uploaded(owner: User) -> Batch:
    lines = (f"a boat number {n} on a wide river in the evening,{5 + n % 2 * 5},16:9,sku-{n},{n}\n" for n in range(ROWS))
    text = HEADING + "".join(lines)
    return upload(by=Caller(user=owner), file=io.BytesIO(text.encode()), file_name="rows.csv", defaults={"model": MODEL})


def _alone() -> dict[str, Row]:
    """Check and accept a batch that is billed."""
    like = next(account for account in ensure_sandbox_accounts("http://127.0.0.1:9") if account.vendor == "kling")
    account = ProviderAccount(vendor="kling", surface=like.surface, label="billed", base_url=like.base_url)
    set_credentials(account, {field.name: "x" * 24 for field in PROVIDERS["kling"].surfaces[like.surface].credentials})
    account.save()
    ModelPrice.objects.create(model=MODEL, unit="second", amount=1)
    owner = User.objects.create_user("shop")
    batch = _uploaded(owner)

    def check() -> None:
        while (now := Batch.objects.get(pk=batch.pk)).state == State.CHECKING:
            steps.step(now.pk, now.fence)

    rows = {f"check {ROWS:,} rows": _measured(check), f"accept {ROWS:,} rows": _measured(lambda: accept(batch, by=Caller(user=owner)))}
    batch.refresh_from_db()
    if (batch.state, batch.cost) != (State.RUNNING, ROWS * 7_500_000):
        raise RuntimeError(f"the batch is {batch.state}, and costs {batch.cost}")
    Batch.objects.all().delete()
    account.delete()
    return rows


def _with_others() -> dict[str, Row]:
    """Let a worker check and start the batch while people order."""
    words = ("--render-s", "5", "--queue-s", "0", "--media", "tiny")
    shop, tasks, began = User.objects.create_user("shop 2"), list[GenerationTask](), time.monotonic()
    with Stack(web_port=0, simulator_port=0, simulator_words=words, environment={"OUTBOUND_ALLOW_CIDRS": "127.0.0.0/8"}) as stack:
        stack.manage("sandbox_accounts", "--url", stack.simulator_url)
        _wait_of(create(Order(owner=shop, model=MODEL, prompt="the worker is there")).task)
        batch, accepting, checked_s = _uploaded(shop), None, 0.0
        uploaded = time.monotonic()
        while len(tasks) < OTHERS or not accepting or accepting.is_alive():
            if time.monotonic() - began > PATIENCE_S:
                raise TimeoutError("the batch was not accepted")
            batch.refresh_from_db()
            if batch.state == State.CHECKED and not accepting:
                checked_s = time.monotonic() - uploaded
                accepting = Thread(target=_accept, args=(batch,))
                accepting.start()
            person = User.objects.create_user(f"person {len(tasks)}")
            tasks.append(create(Order(owner=person, model=MODEL, prompt="a fox does not wait")).task)
            time.sleep(PAUSE_S)
        waits = sorted(_wait_of(task) for task in tasks)
        fed = GenerationTask.objects.filter(batch_id=batch.pk).count()
    return {
        f"a worker checks {ROWS:,} rows": {"s": round(checked_s, 1)},
        f"first tasks of {len(waits)} others": {"s": f"p50 {waits[len(waits) // 2]:.1f}, max {waits[-1]:.1f}", "result": f"{fed} rows fed"},
    }


def _accept(batch: Batch) -> None:
    try:
        accept(batch, by=Caller(user=batch.owner))
    finally:
        connection.close()


def _wait_of(task: GenerationTask) -> float:
    """Return the seconds from the order to the vendor's acceptance."""
    end = time.monotonic() + PATIENCE_S
    while task.accepted_at is None:
        if time.monotonic() > end:
            raise TimeoutError("the task of another person did not start")
        time.sleep(0.2)
        task.refresh_from_db()
    return (task.accepted_at - task.created_at).total_seconds()


def _files() -> dict[str, Row]:
    """Read each file in a process of its own, so that no case pays for another."""
    rows = {}
    for name, write in ({name: write for name, (_codes, write) in HOSTILE.items()} | GOOD).items():
        with tempfile.TemporaryDirectory(dir=os.environ["PORTAL_DATA_DIR"]) as folder:
            write(Path(folder) / "file")
            command = [sys.executable, "-m", "benchmarks.batches", "read", str(Path(folder) / "file")]
            rows[f"file: {name}"] = json.loads(subprocess.run(command, check=True, stdout=subprocess.PIPE).stdout)
    return rows


def _read(path: Path) -> str:
    try:
        return f"{sum(1 for _row in read_file(path).rows):,} rows"
    except BadFile as error:
        return error.code


def _measured(work: Callable[[], object]) -> Row:
    start_peak()
    before, cpu_s, began = peak_kb(), _cpu_s(), time.monotonic()
    with _Children() as children:
        result = work()
    grown = peak_kb() - before + children.peak_kb
    row = {"CPU s": round(_cpu_s() - cpu_s, 2), "s": round(time.monotonic() - began, 2), "memory": f"+{grown / 1000:.0f} MB"}
    return row | ({"result": result} if isinstance(result, str) else {})


class _Children(Thread):
    """Samples the memory of this process's children. `getrusage` would include the parent's memory in theirs."""

    peak_kb = 0

    def __init__(self) -> None:
        super().__init__(daemon=True)
        self.over = Event()

    def run(self) -> None:
        own = Path("/proc/self/cmdline").read_bytes()  # that of a child too, while it has our memory
        while not self.over.wait(0.005):
            for child in Path(f"/proc/self/task/{os.getpid()}/children").read_text().split():
                with suppress(OSError, TypeError):  # it has ended
                    if Path(f"/proc/{child}/cmdline").read_bytes() != own:
                        self.peak_kb = max(self.peak_kb, peak_kb(child))

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_error: object) -> None:
        self.over.set()
        self.join()


def _cpu_s() -> float:
    children = resource.getrusage(resource.RUSAGE_CHILDREN)
    return time.process_time() + children.ru_utime + children.ru_stime


if __name__ == "__main__":
    die_with_parent()
    main()
