"""When the watchdog treats a cluster as frozen, and how it counts the busy processes."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from jobs import queue
from jobs.busy_locks import PREFIX, count_busy, new_folder
from jobs.worker import BEAT_EVERY_S, CUT_OFF_AFTER_S, FROZEN_AFTER_S, ClusterProcess, Pulse

SOON, LATE, TOO_LATE = FROZEN_AFTER_S - 1, FROZEN_AFTER_S + 1, CUT_OFF_AFTER_S + 1
ROOT = Path(__file__).resolve().parents[2]
HOLDER = """
import sys
from jobs.busy_locks import busy
with busy():
    print("busy", flush=True)
    sys.stdin.read()
"""


@pytest.mark.parametrize(
    ("silent_s", "busy", "frozen"),
    [
        (SOON, 0, False),
        (LATE, 0, True),
        (LATE, 1, False),
        (TOO_LATE, 1, True),
        (TOO_LATE, 3, True),
        (TOO_LATE, 4, False),
        (10 * TOO_LATE, 4, False),
    ],
)
def test_is_frozen(silent_s, busy, frozen):
    pulse = Pulse(sent_at=100.0, is_out=True)

    assert pulse.is_frozen(100.0 + silent_s, busy=busy, workers=4) is frozen


def test_a_cluster_that_needs_longer_to_start_gets_longer():
    patient = Pulse(sent_at=100.0, is_out=True, patience_s=4 * FROZEN_AFTER_S)

    assert not patient.is_frozen(100.0 + TOO_LATE, busy=0, workers=4)
    assert not patient.is_frozen(100.0 + TOO_LATE, busy=1, workers=4)
    assert patient.is_frozen(100.0 + 4 * FROZEN_AFTER_S + 1, busy=0, workers=4)
    assert patient.is_frozen(100.0 + 4 * FROZEN_AFTER_S + 1, busy=1, workers=4)


def test_a_cluster_frozen_again_is_given_twice_as_long_until_its_first_sign_of_life(tmp_path, transactional_db):
    """On an overloaded machine a start may take minutes: restarts at a fixed pace would never let it end."""
    cluster, waits = ClusterProcess("poll", "test-patience", tmp_path), []
    try:
        for _ in range(3):
            os.kill(cluster.process.pid, signal.SIGSTOP)
            start = cluster.pulse.sent_at
            cluster.watch(start + BEAT_EVERY_S + 1)
            waits.append(cluster.pulse.patience_s)
            cluster.watch(cluster.pulse.sent_at + cluster.pulse.patience_s + 1)
        queue.drop_beats("poll", "test-patience")
        cluster.pulse = replace(cluster.pulse, is_out=True)
        cluster.watch(cluster.pulse.sent_at + 1)
        waits.append(cluster.pulse.patience_s)
    finally:
        cluster.kill()

    assert waits == [FROZEN_AFTER_S, 2 * FROZEN_AFTER_S, 4 * FROZEN_AFTER_S, FROZEN_AFTER_S]


def test_an_answered_beat_is_not_overdue():
    pulse = Pulse(sent_at=100.0, is_out=False)

    assert pulse.silent_s(1000.0) == 0.0
    assert not pulse.is_frozen(1000.0, busy=0, workers=4)


def test_the_next_beat_is_due_only_when_the_last_is_answered():
    later = 100.0 + BEAT_EVERY_S + 0.1

    assert Pulse(sent_at=100.0, is_out=False).is_due(later)
    assert not Pulse(sent_at=100.0, is_out=True).is_due(later)
    assert not Pulse(sent_at=100.0, is_out=False).is_due(100.0 + BEAT_EVERY_S - 0.1)


def hold(folder: Path) -> subprocess.Popen[str]:
    process = subprocess.Popen(
        [sys.executable, "-c", HOLDER],
        cwd=ROOT,
        env=os.environ | {"PORTAL_BUSY_LOCKS_DIR": str(folder)},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "busy\n"
    return process


def test_killed_processes_do_not_count_as_busy(tmp_path):
    with hold(tmp_path) as first, hold(tmp_path) as second:
        assert count_busy(tmp_path) == 2

        first.send_signal(signal.SIGKILL)
        first.wait(30)
        assert count_busy(tmp_path) == 1

        second.communicate()
        assert count_busy(tmp_path) == 0


def test_folders_of_killed_workers_are_cleared_away(tmp_path):
    gone, living, other = tmp_path / f"{PREFIX}{2**22 + 1}-x", tmp_path / f"{PREFIX}{os.getpid()}-x", tmp_path / "somebody-elses"
    for folder in (gone, living, other):
        folder.mkdir()

    with new_folder(tmp_path) as mine:
        assert set(tmp_path.iterdir()) == {living, other, mine}

    assert not mine.exists()
