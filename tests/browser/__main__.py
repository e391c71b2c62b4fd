"""`python -m tests.browser --trials 1000`: press the buttons at random in so many ways, and count what was bought."""

from __future__ import annotations

import argparse
import os
import sys
import time

import pytest


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.browser", description=__doc__)
    parser.add_argument("--trials", type=int, default=1000)
    parser.add_argument("--seed", type=int, default=int(time.time()), help="printed, so that a run can be repeated")
    options = parser.parse_args()
    os.environ |= {"PORTAL_PRESS_TRIALS": str(options.trials), "PORTAL_PRESS_SEED": str(options.seed)}
    print(f"{options.trials} trials, seed {options.seed}", flush=True)
    return pytest.main(["-s", "tests/browser/test_presses.py"])


if __name__ == "__main__":
    sys.exit(main())
