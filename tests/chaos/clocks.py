"""`python -m tests.chaos.clocks`: order on a web server whose clock is 10 minutes fast, from a worker whose clock is 10 minutes slow.

Both compare times by the database's clock, so the task must be sent and saved within two minutes all the same. PostgreSQL, the real worker,
clocks made wrong by wrong_clock.c. Exits 1 when it was not; says so and exits 0 where the machine has no C compiler.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

from benchmarks.stage import open_stage
from tests.chaos.reporting import last_words, on_each, play

SOURCE = Path(__file__).with_name("wrong_clock.c")
FAST, SLOW = "+600", "-600"
"""How far each clock is wrong, in seconds."""
LIMIT_S = 120


def main() -> int:
    if shutil.which("cc") is None:
        print("clocks: NOT RUN, because this machine has no C compiler")
        return 0
    return on_each(["postgresql"], _one)


def _one(database: str) -> bool:
    """Returns whether the task was sent and saved in time."""
    with open_stage(database) as stage:
        library = str(stage.folder / "wrong_clock.so")
        subprocess.run(["cc", "-shared", "-fPIC", "-O2", "-o", library, str(SOURCE), "-ldl"], check=True)
        facts = play(stage, "tests.chaos.clocks_trial", {"library": library, "web": FAST, "worker": SLOW, "limit_s": LIMIT_S})
        if facts is None:
            print(f"the trial itself failed; the worker's last words:\n{last_words(stage)}", flush=True)
            return False
        print(
            f"{database}, web {FAST} s, worker {SLOW} s ({facts['apart_s']} s apart): "
            f"sent after {facts['sent_s']} s, saved after {facts['saved_s']} s, paid {facts['paid']}",
            flush=True,
        )
        if facts["paid"] == 1 and facts["saved_s"] is not None and not facts["left"]:
            return True
        print(f"{last_words(stage)}\nthe promise was broken", flush=True)
        return False


if __name__ == "__main__":
    sys.exit(main())
