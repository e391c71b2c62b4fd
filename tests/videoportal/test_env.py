"""Settings that a person may get wrong: refused at the start, in a sentence."""

from __future__ import annotations

import os
import subprocess
import sys
from datetime import timedelta

import pytest

from tests.cases import in_one_test
from tools.stack import ROOT
from videoportal import env


@in_one_test("days", ["-1", "36501", "9999999999", "1.5"])
def test_a_number_of_days_that_no_calendar_has_is_refused(monkeypatch, days):
    monkeypatch.setenv("PORTAL_KEEP_EVENTS_DAYS", days)

    with pytest.raises(env.BadSetting, match=f"PORTAL_KEEP_EVENTS_DAYS is “{days}”; write a "):
        env.kept_for("PORTAL_KEEP_EVENTS_DAYS", 30)


def test_no_days_are_for_ever(monkeypatch):
    monkeypatch.setenv("PORTAL_KEEP_EVENTS_DAYS", "0")

    assert env.kept_for("PORTAL_KEEP_EVENTS_DAYS", 30) is None
    assert env.kept_for("PORTAL_KEEP_NOTHING_DAYS", 36_500) == timedelta(days=36_500)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("PORTAL_BIN_DAYS", "-1"),
        ("PORTAL_BIN_DAYS", "9999999999"),
        ("PORTAL_QUOTA_GB_PER_USER", "-1"),
        ("PORTAL_QUOTA_GB_PER_USER", "9" * 20),
    ],
)
def test_limits_that_would_fail_later_are_refused_at_the_start(tmp_path, name, value):
    ended = subprocess.run(
        [sys.executable, "manage.py", "check"],
        cwd=ROOT,
        env={"PATH": os.environ["PATH"], "PORTAL_DATA_DIR": str(tmp_path), name: value},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )

    assert ended.returncode != 0
    assert f"{name} is “{value}”; write a number from 0 to" in ended.stderr
    assert "Traceback" not in ended.stderr
