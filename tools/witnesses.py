"""`make witnesses`: runs the SDKs and gateways that people use, unmodified: those of vendors against the simulator, those of OSS against
the OSS server, and in `tests/witnesses/portal/` those that call the portal, against one with sandbox accounts that all of them share. Each
has a separate environment, because their pins exclude each other and the portal's.

A witness is `tests/witnesses/<name>.py`, or `<name>.cjs` for Node.js, beside `<name>.txt` with its pinned packages; one of `portal/` may
use those of the folder above. It does what the SDK is for and is refused, and exits with 0 if all is right. Its arguments are the server's
address and the portal's Python; for one of `portal/` the portal's address, the token of a person of its own, the simulator's address and
the portal's Python. `PORTAL_BY_HTTPS` in its environment is the portal's address behind a proxy whose certificate clients trust. With names
as arguments only those run. Those that fail beside the others, where they share two processors, run once more alone, and what the first run
printed stands above. A package that cannot be installed is a failure. Without Node.js, the witnesses for it are skipped with a message.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from threading import Lock
from types import MappingProxyType

from providers.simulator.testing import SimulatorProcess
from tools.https_front import HttpsFront
from tools.oss_server.testing import ACCESS_KEY_ID, ACCESS_KEY_SECRET, OssServerProcess
from tools.stack import ROOT, Stack

OF_OSS = frozenset({"alibabacloud_oss_v2", "oss2"})
SCRIPTS = ROOT / "tests" / "witnesses"
PORTAL = "portal/"
PEOPLE = """
from django.contrib.auth.models import User
from access.tokens import issue
from generation.models import ModelAlias
ModelAlias.objects.create(name="sora-2", model="dashscope/wan2.2-t2v-plus")
for name in {names}:
    print(issue(User.objects.create_user(name), "witness")[1])
"""
ENVIRONMENTS = ROOT / ".venv-witness"
TRUST = ("SSL_CERT_FILE", "CURL_CA_BUNDLE", "NODE_EXTRA_CA_CERTS")
"""Where clients look for the certificates that they trust."""
INSTALLED_WITHIN_S = 600
DONE_WITHIN_S = 240
_installing: defaultdict[Path, Lock] = defaultdict(Lock)


@dataclass(frozen=True, kw_only=True)
class Portal:
    """The portal that witnesses call. Each gets its address, the token of a person, and the simulator's address; in the environment are
    the settings with which a command is one of this portal.
    """

    arguments: Mapping[str, Sequence[str]] = field(default_factory=dict)
    environment: Mapping[str, str] = field(default_factory=dict)


def main() -> int:
    asked, known = sys.argv[1:], scripts()
    names = [name for name in known if not asked or name in asked]
    if unknown := sorted(set(asked) - set(names)):
        print(f"no such witness: {', '.join(unknown)}; see {SCRIPTS.relative_to(ROOT)}")
        return 2
    if not shutil.which("npm") and (left_out := [name for name in names if known[name].suffix == ".cjs"]):
        print(f"No Node.js was found, so these do not run: {', '.join(left_out)}")
        names = [name for name in names if name not in left_out]
    with ExitStack() as everything:
        callers = [name for name in names if name.startswith(PORTAL)]
        portal = everything.enter_context(_portal(callers)) if callers else Portal()
        with ThreadPoolExecutor(max_workers=os.cpu_count() or 2) as pool:
            agreed = list(pool.map(lambda name: _agrees(name, known[name], portal), names))
        failed = [name for name, agrees in zip(names, agreed, strict=True) if not agrees]
        lasting = [name for name in failed if not _agrees(name, known[name], portal)]
    print(f"\n{len(names) - len(lasting)} of {len(names)} witnesses agree")
    if failed:
        print(f"failed beside the others: {', '.join(failed)}; failed alone too: {', '.join(lasting) or 'none'}")
    return int(bool(lasting))


def scripts() -> dict[str, Path]:
    """Return the scripts of all witnesses by name: `openai`, `portal/openai`."""
    found = {
        path.relative_to(SCRIPTS).with_suffix("").as_posix(): path for suffix in ("py", "cjs") for path in SCRIPTS.rglob(f"*.{suffix}")
    }
    return {name: found[name] for name in sorted(found) if pins_of(found[name]).exists()}


def pins_of(script: Path) -> Path:
    """Return the file of the packages that the script needs."""
    own = script.with_suffix(".txt")
    return own if own.exists() else SCRIPTS / own.name


@contextmanager
def _portal(names: Sequence[str]) -> Iterator[Portal]:
    """Run a portal with fast sandbox accounts, and a person for each witness."""
    with tempfile.TemporaryDirectory(prefix="portal-witnesses-") as folder:
        environment = {
            "PORTAL_DATA_DIR": folder,
            "PORTAL_POLL_EVERY_S": "1",
            "PORTAL_LOG_LEVEL": "ERROR",
            "DATABASE_URL": "",
            "OUTBOUND_ALLOW_CIDRS": "127.0.0.0/8",
        }
        stack = Stack(web_port=0, simulator_port=0, environment=environment, simulator_words=("--speed", "20", "--media", "tiny"))
        stack.prepare()
        tokens = stack.manage("shell", "--no-imports", "-c", PEOPLE.format(names=list(names))).split()
        with stack, HttpsFront(stack.url, Path(folder)) as front:
            arguments = {name: (stack.url, token, stack.simulator_url) for name, token in zip(names, tokens, strict=True)}
            trusted = str(front.certificate)
            by_https = {"PORTAL_BY_HTTPS": front.url} | dict.fromkeys(TRUST, trusted)
            yield Portal(arguments=arguments, environment={**stack.environment, **by_https})


def _agrees(name: str, script: Path, portal: Portal) -> bool:
    """Run one witness, print a line about it, and return whether it succeeded."""
    started = time.monotonic()
    try:
        command, variables = command_of(script)
        with _server_for(name, portal) as addresses:
            done = _run([*command, *addresses, sys.executable], DONE_WITHIN_S, {**portal.environment, **variables})
    except subprocess.CalledProcessError as error:
        done = subprocess.CompletedProcess(error.cmd, error.returncode, error.stdout)
    except subprocess.TimeoutExpired as error:
        done = subprocess.CompletedProcess(error.cmd, 1, f"no answer within {error.timeout} s")
    took_s = time.monotonic() - started
    words = f"\n{done.stdout}" if done.returncode else ""
    print(f"{name:<20}{'FAILED' if done.returncode else 'agrees':<8}{took_s:.1f} s{words}", flush=True)
    return done.returncode == 0


@contextmanager
def _server_for(name: str, portal: Portal) -> Iterator[Sequence[str]]:
    """Run the server that the witness calls, unless that is the portal, and give the arguments of the script."""
    if name in portal.arguments:
        yield portal.arguments[name]
        return
    with OssServerProcess() if name in OF_OSS else SimulatorProcess() as server:
        yield (server.url,)


def command_of(script: Path) -> tuple[list[str | Path], Mapping[str, str]]:
    """Return how a witness is run in an environment with exactly its packages, and the variables that it needs for that."""
    if script.suffix == ".cjs":
        return ["node", script], {"NODE_PATH": str(node_modules_of(pins_of(script)))}
    is_of_oss = script.stem in OF_OSS
    variables = {"OSS_ACCESS_KEY_ID": ACCESS_KEY_ID, "OSS_ACCESS_KEY_SECRET": ACCESS_KEY_SECRET} if is_of_oss else {}
    return [python_with(pins_of(script)), "-I", script], variables


def python_with(pins: Path) -> Path:
    """Return the Python of an environment with exactly what `pins` lists. Raises CalledProcessError."""
    return environment_of(pins, _install_for_python) / "bin" / "python"


def node_modules_of(pins: Path) -> Path:
    """Return the folder of the packages for Node.js that `pins` lists. Raises CalledProcessError."""
    return environment_of(pins, _install_for_node) / "node_modules"


def environment_of(pins: Path, install: Callable[[Path, Path], None]) -> Path:
    """Return the folder of an environment with what `pins` lists, made again if that has changed. Raises CalledProcessError."""
    ENVIRONMENTS.mkdir(exist_ok=True)
    (ENVIRONMENTS / ".gitignore").write_text("*\n")
    folder = ENVIRONMENTS / pins.stem
    mark = folder / "pins.sha256"
    digest = hashlib.sha256(pins.read_bytes()).hexdigest()
    with _installing[folder]:  # witnesses that share it run at the same time
        if not mark.exists() or mark.read_text() != digest:
            install(folder, pins)
            mark.write_text(digest)
    return folder


def _install_for_python(folder: Path, pins: Path) -> None:
    _run([sys.executable, "-m", "venv", "--clear", folder], INSTALLED_WITHIN_S, must_succeed=True)
    alone = ["--no-deps"] if pins.read_text().startswith("# With --no-deps") else []  # the list is complete without what a package asks for
    pip: list[str | Path] = [
        folder / "bin" / "python",
        "-m",
        "pip",
        "install",
        "--quiet",
        "--disable-pip-version-check",
        *alone,
        "-r",
        pins,
    ]
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
