"""`make witnesses`: runs the vendors' own SDKs, unmodified, against the simulator. Each has a separate environment, because their pins
exclude each other and the portal's, and a separate simulator, so that they run in parallel. A witness is `tests/witnesses/<name>.py` (given
the simulator's address, it submits, polls, downloads and is refused; it exits with 0 if all is right) and `<name>.txt` (pinned packages).
With names as arguments only those run. A package that cannot be installed is a failure.
"""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from providers.simulator.testing import SimulatorProcess
from tools.stack import ROOT

SCRIPTS = ROOT / "tests" / "witnesses"
ENVIRONMENTS = ROOT / ".venv-witness"
INSTALLED_WITHIN_S = 600
DONE_WITHIN_S = 120


def main() -> int:
    asked = sys.argv[1:]
    names = sorted(path.stem for path in SCRIPTS.glob("*.txt") if not asked or path.stem in asked)
    if unknown := sorted(set(asked) - set(names)):
        print(f"no such witness: {', '.join(unknown)}; see {SCRIPTS.relative_to(ROOT)}")
        return 2
    with ThreadPoolExecutor(max_workers=os.cpu_count() or 2) as pool:
        agreeing = sum(pool.map(_agrees, names))
    print(f"\n{agreeing} of {len(names)} witnesses agree")
    return int(agreeing < len(names))


def _agrees(name: str) -> bool:
    """Run one witness, print a line about it, and return whether it succeeded."""
    started = time.monotonic()
    try:
        python = environment_of(SCRIPTS / f"{name}.txt")
        with SimulatorProcess() as simulator:
            done = _run([python, "-I", SCRIPTS / f"{name}.py", simulator.url], DONE_WITHIN_S)
    except subprocess.CalledProcessError as error:
        done = subprocess.CompletedProcess(error.cmd, error.returncode, error.stdout)
    except subprocess.TimeoutExpired as error:
        done = subprocess.CompletedProcess(error.cmd, 1, f"no answer within {error.timeout} s")
    took_s = time.monotonic() - started
    words = f"\n{done.stdout}" if done.returncode else ""
    print(f"{name:<16}{'FAILED' if done.returncode else 'agrees':<8}{took_s:.1f} s{words}", flush=True)
    return done.returncode == 0


def environment_of(pins: Path) -> Path:
    """Return the Python of an environment with exactly what `pins` lists, made again if that has changed. Raises CalledProcessError."""
    ENVIRONMENTS.mkdir(exist_ok=True)
    (ENVIRONMENTS / ".gitignore").write_text("*\n")
    folder = ENVIRONMENTS / pins.stem
    python, mark = folder / "bin" / "python", folder / "pins.sha256"
    digest = hashlib.sha256(pins.read_bytes()).hexdigest()
    if mark.exists() and mark.read_text() == digest:
        return python
    _run([sys.executable, "-m", "venv", "--clear", folder], INSTALLED_WITHIN_S, must_succeed=True)
    pip: list[str | Path] = [python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "-r", pins]
    _run(pip, INSTALLED_WITHIN_S, must_succeed=True)
    mark.write_text(digest)
    return python


def _run(command: list[str | Path], within_s: float, *, must_succeed: bool = False) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        command,
        cwd=ROOT,
        env=os.environ | {"NO_PROXY": "127.0.0.1", "PYTHONWARNINGS": "ignore"},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=must_succeed,
        timeout=within_s,
    )


if __name__ == "__main__":
    sys.exit(main())
