"""`python -m tests.intents --trials 1000 [--browser]`: press the paid buttons at random in many ways, and count what was bought."""

from __future__ import annotations

import argparse
import os
import sys
import time

import pytest

REPLAYED = "tests/web/test_one_intent.py::test_each_replayed_intent_makes_one_task"
IN_A_BROWSER = "tests/browser/test_presses.py"


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.intents", description=__doc__)
    parser.add_argument("--trials", type=int, default=1000)
    parser.add_argument("--seed", type=int, default=int(time.time()), help="printed, so that a run can be repeated")
    parser.add_argument("--browser", action="store_true", help="press in a real Chromium (seconds for each) instead of replaying requests")
    options = parser.parse_args()
    os.environ |= {"PORTAL_PRESS_TRIALS": str(options.trials), "PORTAL_PRESS_SEED": str(options.seed)}
    print(f"{options.trials} trials, seed {options.seed}", flush=True)
    return pytest.main(["-s", IN_A_BROWSER if options.browser else REPLAYED])


if __name__ == "__main__":
    sys.exit(main())
