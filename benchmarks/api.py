"""How fast the API takes orders and shows them: `python -m benchmarks api`, on a stage with two web servers and a simulator.

*bare* is a Django view with the same INSERTs in one transaction, or the same SELECTs (`benchmarks.bare`), on the same database and web
server. Orders are for an account that is billed, and a budget counts them. *LiteLLM* is its proxy in front of the same simulator, with
`POST` and `GET /v1/videos`; it forwards each request to the vendor. No worker runs: what is ordered stays in the queue. All are asked in
turn, for some seconds, in several rounds; the clients share the machine.
"""

from __future__ import annotations

import json
import os
import socket
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from decimal import Decimal
from itertools import count
from pathlib import Path
from threading import Thread
from typing import Any
from uuid import uuid4

import django

django.setup()

from django.conf import settings  # noqa: E402
from django.contrib.auth.models import User  # noqa: E402
from django.utils import timezone  # noqa: E402

from access.budget_changes import make  # noqa: E402
from access.ledger_models import Budget  # noqa: E402
from access.models import ApiToken  # noqa: E402
from access.money import micro  # noqa: E402
from access.tokens import issue  # noqa: E402
from generation.models import GenerationTask, Prompt, Video  # noqa: E402
from generation.tariff import tariff_of  # noqa: E402
from jobs.parent_death import die_with_parent  # noqa: E402
from providers.accounts.sandbox import ensure_sandbox_accounts  # noqa: E402
from providers.models import ModelPrice, ProviderAccount  # noqa: E402
from providers.simulator.testing import SimulatorProcess  # noqa: E402
from providers.vendors import ALL_MODELS  # noqa: E402
from tools.stack import ROOT, free_port  # noqa: E402
from tools.witnesses import python_with  # noqa: E402

SHORT = bool(os.environ.get("BENCH_SHORT"))
ROUNDS, SECONDS, CALLERS = (1, 2.0, 4) if SHORT else (4, 6.0, 8)
READY_WITHIN_S = 90.0
MODEL = "kling/kling-v2-5-turbo"
PARAMS = {"duration_s": 5, "negative_prompt": "", "watermark": False, "aspect_ratio": "16:9", "mode": "std"}
LITELLM_KEY, LITELLM_MODEL = "sk-benchmark", "house-video-1"
LITELLM = f"""
model_list:
  - model_name: {LITELLM_MODEL}
    litellm_params: {{model: openai/{LITELLM_MODEL}, api_base: "%s/hosts/openai/v1", api_key: sk-sandbox-openai-videos}}
general_settings: {{master_key: {LITELLM_KEY}}}
"""
COST = 2
"""Of an order, in PORTAL_CURRENCY."""
Request = Callable[[], bytes]


def main() -> None:
    owner = User.objects.create_user("bench")
    row, token = issue(owner, "bench")
    shown = finished_task(owner)
    money = set_money(row)
    numbers = count()
    with ExitStack() as stack:
        simulator = stack.enter_context(SimulatorProcess(queue_s=600))
        ensure_sandbox_accounts(simulator.url)
        ProviderAccount.objects.update(sandbox=False)  # so that money is set aside; no worker runs
        portal = stack.enter_context(serve("videoportal.settings", "/healthz"))
        bare = stack.enter_context(serve("benchmarks.bare_settings", f"/tasks/{row.public_id}/{shown.pk}"))

        def order(*, key: bool) -> bytes:
            name = {"Idempotency-Key": uuid4().hex} if key else {}
            return request("POST", "/api/v1/tasks", token, {"model": MODEL, "prompt": f"a fox {next(numbers)}"}, name)

        def insert(*, key: bool) -> bytes:
            facts = {"owner": owner.pk, "model": MODEL, "params": PARAMS, "prompt": f"a fox {next(numbers)}"}
            return request("POST", "/tasks", token, facts | money | {"key": uuid4().hex if key else ""})

        asked: dict[str, tuple[int, Request]] = {
            "create, bare": (bare, lambda: insert(key=False)),
            "create": (portal, lambda: order(key=False)),
            "create with a key, bare": (bare, lambda: insert(key=True)),
            "create with a key": (portal, lambda: order(key=True)),
            "get, bare": (bare, lambda: request("GET", f"/tasks/{row.public_id}/{shown.pk}", token)),
            "get": (portal, lambda: request("GET", f"/api/v1/tasks/{shown.pk}", token)),
        }
        litellm = stack.enter_context(_litellm(simulator.url))
        body = {"model": LITELLM_MODEL, "prompt": "a fox", "seconds": "4", "size": "1280x720"}
        made = json.loads(once(litellm, request("POST", "/v1/videos", LITELLM_KEY, body)))["id"]
        asked |= {
            "create, LiteLLM": (litellm, lambda: request("POST", "/v1/videos", LITELLM_KEY, body)),
            "get, LiteLLM": (litellm, lambda: request("GET", f"/v1/videos/{made}", LITELLM_KEY)),
        }
        times: dict[str, list[float]] = {name: [] for name in asked}
        for port, make in asked.values():  # each process has loaded what it needs
            fire(port, make, 1.0)
        for _round in range(ROUNDS):
            for name, (port, make) in asked.items():
                times[name] += fire(port, make, SECONDS)
    Path(sys.argv[1]).write_text(json.dumps(_rows(times)))


def _rows(times: dict[str, list[float]]) -> dict[str, dict[str, Any]]:
    rates = {name: len(found) / (ROUNDS * SECONDS) for name, found in times.items()}
    rows: dict[str, dict[str, Any]] = {}
    for name, found in times.items():
        cuts = statistics.quantiles(found, n=100, method="inclusive")
        rows[name] = {"requests per s": round(rates[name]), "p50 ms": round(cuts[49] * 1000, 1), "p99 ms": round(cuts[98] * 1000, 1)}
        plain = name.partition(" ")[0].rstrip(",")
        if name in {"create", "create with a key", "get"}:
            rows[name]["of bare"] = f"{100 * rates[name] / rates[f'{name}, bare']:.0f} %"
            rows[name]["of LiteLLM"] = f"{rates[name] / rates[f'{plain}, LiteLLM']:.1f} x"
    return rows


def set_money(token: ApiToken) -> dict[str, Any]:
    """Set a price and a budget; return what an order stores of them."""
    price = ModelPrice.objects.create(model=MODEL, unit=ModelPrice.Unit.VIDEO, amount=COST, currency=settings.CURRENCY)
    budget = Budget(kind="everyone", window="month", limit=micro(Decimal(10**9)))
    make(budget, by=None)
    tariff = tariff_of(ALL_MODELS[MODEL], [price.tier], price.currency)
    facts = {"budget": str(budget.pk), "cost": micro(Decimal(COST)), "token": str(token.pk), "token_line": str(token.line_id)}
    return facts | {"tariff": tariff.frozen() if tariff else {}}


def finished_task(owner: User) -> GenerationTask:
    now = timezone.now()
    facts = {"status": "succeeded", "submission_id": "bench", "created_at": now, "updated_at": now, "finished_at": now, "inputs_given": {}}
    task = GenerationTask.objects.create(
        owner=owner, prompt=Prompt.objects.create(owner=owner, text="a fox"), model=MODEL, params=PARAMS, **facts
    )
    names = {"file": "b.mp4", "poster": "b.webp", "preview": "p.mp4", "colour": "#102030", "sha256": "0" * 64, "source_sha256": "0" * 64}
    Video.objects.create(
        task=task, owner=owner, model=MODEL, size_bytes=1, duration_s=5.0, width_px=1280, height_px=720, fps=24.0, codec="h264", **names
    )
    return task


@contextmanager
def serve(settings: str, ready: str) -> Iterator[int]:
    """Run the web process with these settings; yield its port."""
    port = free_port()
    command = [sys.executable, "-m", "gunicorn", "--bind", f"127.0.0.1:{port}"]
    with _child(command, os.environ | {"DJANGO_SETTINGS_MODULE": settings}, ROOT, f"http://127.0.0.1:{port}{ready}"):
        yield port


@contextmanager
def _litellm(simulator_url: str) -> Iterator[int]:
    """Run LiteLLM's proxy with one process for each of the portal's; yield its port."""
    port, python = free_port(), python_with(ROOT / "tests" / "witnesses" / "litellm.txt")
    with tempfile.TemporaryDirectory() as folder:
        config = Path(folder) / "config.yaml"
        config.write_text(LITELLM % simulator_url)
        command = [str(python.with_name("litellm")), "--host", "127.0.0.1", "--port", str(port), "--config", str(config)]
        kept = {name: value for name, value in os.environ.items() if not name.lower().endswith("_proxy") and name != "DATABASE_URL"}
        environment = kept | {"HOME": folder, "LITELLM_LOCAL_MODEL_COST_MAP": "True", "LITELLM_LOG": "ERROR"}
        command += ["--telemetry", "False", "--num_workers", "2"]
        with _child(command, environment, Path(folder), f"http://127.0.0.1:{port}/health/liveliness"):
            yield port


@contextmanager
def _child(command: list[str], environment: dict[str, str], folder: Path, ready: str) -> Iterator[None]:
    with tempfile.TemporaryFile() as log:
        child = subprocess.Popen(command, cwd=folder, env=environment, stdout=log, stderr=subprocess.STDOUT)
        try:
            _await(ready, child)
            yield
        finally:
            child.terminate()
            child.wait(30)


def _await(url: str, child: subprocess.Popen[bytes]) -> None:
    end = time.monotonic() + READY_WITHIN_S
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    while True:
        try:
            with opener.open(url, timeout=2):
                return
        except OSError:
            if time.monotonic() > end or child.poll() is not None:
                raise
            time.sleep(0.2)


def request(method: str, path: str, token: str, body: Any = None, headers: dict[str, str] | None = None) -> bytes:
    """Return a request of HTTP/1.1 with this token, as the bytes that are sent."""
    content = b"" if body is None else json.dumps(body).encode()
    lines = {"Host": "localhost", "Authorization": f"Bearer {token}", "Content-Length": str(len(content))} | (headers or {})
    if body is not None:
        lines["Content-Type"] = "application/json"
    head = [f"{method} {path} HTTP/1.1", *(f"{name}: {value}" for name, value in lines.items()), "", ""]
    return "\r\n".join(head).encode() + content


def once(port: int, asked: bytes) -> bytes:
    """Send one request and return the answer's body. Raises unless the answer is a 2xx."""
    with socket.create_connection(("127.0.0.1", port), timeout=60) as connection:
        return _answer(connection, asked)


def fire(port: int, make: Request, seconds: float) -> list[float]:
    """Send requests over `CALLERS` connections, each as soon as the last is answered. Return how long each took, in seconds."""
    times: list[float] = []
    end = time.monotonic() + seconds

    def call() -> None:
        with socket.create_connection(("127.0.0.1", port), timeout=60) as connection:
            while (began := time.monotonic()) < end:
                _answer(connection, make())
                times.append(time.monotonic() - began)

    callers = [Thread(target=call) for _ in range(CALLERS)]
    for caller in callers:
        caller.start()
    for caller in callers:
        caller.join()
    return times


def _answer(connection: socket.socket, asked: bytes) -> bytes:
    """Send the request and return the answer's body. Raises unless the answer is a 204, or another 2xx with a Content-Length."""
    connection.sendall(asked)
    seen = b""
    while b"\r\n\r\n" not in seen:
        seen += _more(connection)
    head, _, body = seen.partition(b"\r\n\r\n")
    lines = head.decode("latin-1").split("\r\n")
    status = lines[0].split(" ", 2)[1]
    if not status.startswith("2"):
        raise RuntimeError(f"{lines[0]}: {body[:500]!r}")
    if status == "204":
        return b""
    length = next(int(line.partition(":")[2]) for line in lines if line.lower().startswith("content-length:"))
    while len(body) < length:
        body += _more(connection)
    return body


def _more(connection: socket.socket) -> bytes:
    block = connection.recv(65536)
    if not block:
        raise ConnectionError("the server hung up")
    return block


if __name__ == "__main__":
    die_with_parent()
    main()
