"""Processes end with their parents, whatever ends these."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest

ROOT = Path(__file__).resolve().parents[2]
FAMILY = """
import os, sys, time
from jobs.parent_death import die_with_parent
die_with_parent()
for _ in range(2):
    if os.fork() == 0:
        os.fork()
        break
else:
    print("grown", flush=True)
time.sleep(60)
"""
LATE = """
import sys
from jobs.parent_death import die_with_parent
die_with_parent(int(sys.argv[1]))
print("still here", flush=True)
"""

pytestmark = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="the kernel's parent-death signal is Linux's")


def gone(processes: list[psutil.Process]) -> list[psutil.Process]:
    """Wait up to half a minute for all to end, and return those that still live."""
    _, alive = psutil.wait_procs(processes, timeout=30)
    return [process for process in alive if process.status() != psutil.STATUS_ZOMBIE]


def grown_family() -> tuple[subprocess.Popen[str], list[psutil.Process]]:
    head = subprocess.Popen([sys.executable, "-c", FAMILY], cwd=ROOT, stdout=subprocess.PIPE, text=True)
    assert head.stdout is not None
    assert head.stdout.readline() == "grown\n"
    until = time.monotonic() + 30
    while len(family := psutil.Process(head.pid).children(recursive=True)) < 4 and time.monotonic() < until:
        time.sleep(0.02)
    return head, family


def test_children_and_grandchildren_end_when_the_parent_is_killed():
    head, family = grown_family()

    with head:
        head.send_signal(signal.SIGKILL)

    assert len(family) == 4
    assert gone(family) == []


def test_a_process_whose_parent_ended_before_it_could_ask_ends_too():
    parent = subprocess.Popen([sys.executable, "-c", "pass"])
    parent.wait()

    orphan = subprocess.run([sys.executable, "-c", LATE, str(parent.pid)], cwd=ROOT, capture_output=True, text=True, check=False)

    assert (orphan.returncode, orphan.stdout) == (1, "")


def test_a_process_with_its_parent_lives():
    child = subprocess.run([sys.executable, "-c", LATE, str(os.getpid())], cwd=ROOT, capture_output=True, text=True, check=False)

    assert (child.returncode, child.stdout) == (0, "still here\n")
