"""`make witnesses`: runs the vendors' own SDKs, unmodified, against the simulator, and those of OSS against the OSS server. Each has a
separate environment, because their pins exclude each other and the portal's, and a separate server, so that they run in parallel. A witness
is `tests/witnesses/<name>.py`, or `<name>.cjs` for Node.js (given the server's address and the portal's Python, it does what the SDK is for
and is refused; it exits with 0 if all is right), and `<name>.txt` (pinned packages). For LiteLLM's proxy, the portal's adapter does so
through the proxy. With names as arguments only those run. A package that cannot be installed is a failure. Without Node.js, the witnesses
for it are skipped with a message.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from types import MappingProxyType

from providers.simulator.testing import SimulatorProcess
from tools.oss_server.testing import ACCESS_KEY_ID, ACCESS_KEY_SECRET, OssServerProcess
from tools.stack import ROOT

OF_OSS = frozenset({"alibabacloud_oss_v2", "oss2"})
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
    if not shutil.which("npm") and (left_out := [name for name in names if _is_for_node(name)]):
        print(f"No Node.js was found, so these do not run: {', '.join(left_out)}")
        names = [name for name in names if name not in left_out]
    with ThreadPoolExecutor(max_workers=os.cpu_count() or 2) as pool:
        agreeing = sum(pool.map(_agrees, names))
    print(f"\n{agreeing} of {len(names)} witnesses agree")
    return int(agreeing < len(names))


def _agrees(name: str) -> bool:
    """Run one witness, print a line about it, and return whether it succeeded."""
    started = time.monotonic()
    try:
        command, variables = command_of(name)
        with OssServerProcess() if name in OF_OSS else SimulatorProcess() as server:
            done = _run([*command, server.url, sys.executable], DONE_WITHIN_S, variables)
    except subprocess.CalledProcessError as error:
        done = subprocess.CompletedProcess(error.cmd, error.returncode, error.stdout)
    except subprocess.TimeoutExpired as error:
        done = subprocess.CompletedProcess(error.cmd, 1, f"no answer within {error.timeout} s")
    took_s = time.monotonic() - started
    words = f"\n{done.stdout}" if done.returncode else ""
    print(f"{name:<20}{'FAILED' if done.returncode else 'agrees':<8}{took_s:.1f} s{words}", flush=True)
    return done.returncode == 0


def command_of(name: str) -> tuple[list[str | Path], Mapping[str, str]]:
    """Return how a witness is run in an environment with exactly its packages, and the variables that it needs for that."""
    pins, script = SCRIPTS / f"{name}.txt", SCRIPTS / f"{name}.cjs"
    if _is_for_node(name):
        return ["node", script], {"NODE_PATH": str(environment_of(pins, _install_for_node) / "node_modules")}
    variables = {"OSS_ACCESS_KEY_ID": ACCESS_KEY_ID, "OSS_ACCESS_KEY_SECRET": ACCESS_KEY_SECRET} if name in OF_OSS else {}
    return [python_with(pins), "-I", script.with_suffix(".py")], variables


def _is_for_node(name: str) -> bool:
    return (SCRIPTS / f"{name}.cjs").exists()


def python_with(pins: Path) -> Path:
    """Return the Python of an environment with exactly what `pins` lists. Raises CalledProcessError."""
    return environment_of(pins, _install_for_python) / "bin" / "python"


def environment_of(pins: Path, install: Callable[[Path, Path], None]) -> Path:
    """Return the folder of an environment with what `pins` lists, made again if that has changed. Raises CalledProcessError."""
    ENVIRONMENTS.mkdir(exist_ok=True)
    (ENVIRONMENTS / ".gitignore").write_text("*\n")
    folder = ENVIRONMENTS / pins.stem
    mark = folder / "pins.sha256"
    digest = hashlib.sha256(pins.read_bytes()).hexdigest()
    if not mark.exists() or mark.read_text() != digest:
        install(folder, pins)
        mark.write_text(digest)
    return folder


def _install_for_python(folder: Path, pins: Path) -> None:
    _run([sys.executable, "-m", "venv", "--clear", folder], INSTALLED_WITHIN_S, must_succeed=True)
    pip: list[str | Path] = [folder / "bin" / "python", "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "-r", pins]
    _run(pip, INSTALLED_WITHIN_S, must_succeed=True)


def _install_for_node(folder: Path, pins: Path) -> None:
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    quietly = ("--silent", "--ignore-scripts", "--no-audit", "--no-fund", "--no-package-lock")
    _run(["npm", "install", *quietly, "--prefix", folder, *pins.read_text().split()], INSTALLED_WITHIN_S, must_succeed=True)


def _run(
    command: list[str | Path], within_s: float, variables: Mapping[str, str] = MappingProxyType({}), *, must_succeed: bool = False
) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        command,
        cwd=ROOT,
        env=os.environ | {"NO_PROXY": "127.0.0.1", "PYTHONWARNINGS": "ignore", **variables},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=must_succeed,
        timeout=within_s,
    )


if __name__ == "__main__":
    sys.exit(main())
