"""Measures how fast finished renders are saved: `python -m benchmarks.ingest RESULT.json` on a stage.

large   a file of 200 MB by the functions that the ingest calls, without the media check, beside `curl | tee FILE | sha256sum` in the same
        run; and the memory for 20 MB and 1 GB. To the disk, and to an OSS server on this machine
crowd   200 renders that are done at the same moment: done to playable, beside the media check of the same file alone in as many processes
"""

from __future__ import annotations

import json
import os
import socket
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor, as_completed
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import django

django.setup()

from django.contrib.auth.models import User  # noqa: E402
from django.db.models import Sum  # noqa: E402
from django.utils import timezone  # noqa: E402

from benchmarks.clips import make_clip, make_large  # noqa: E402
from benchmarks.stage import ROOT  # noqa: E402
from generation.ingest.ingest import record_of  # noqa: E402
from generation.media.prepare import prepare_video  # noqa: E402
from generation.models import GenerationTask, Prompt, Video  # noqa: E402
from jobs.parent_death import die_with_parent  # noqa: E402
from providers.accounts.sandbox import ensure_sandbox_accounts  # noqa: E402
from providers.models import ProviderAccount  # noqa: E402
from tools.oss_server.testing import ACCESS_KEY_ID, ACCESS_KEY_SECRET, BUCKET, REGION, OssServerProcess  # noqa: E402

SHORT = os.environ.get("BENCH_SHORT") == "1"
MB = 1_000_000
LARGE_BYTES, ROUNDS = 200 * MB, 3 if SHORT else 7
MEMORY_BYTES = (20 * MB, 1000 * MB)
CROWD = 20 if SHORT else 200
SAVERS = 4
MODEL = "kling/kling-v2-5-turbo"
PATIENCE_S = 1500.0


def main() -> None:
    with tempfile.TemporaryDirectory(dir=os.environ["PORTAL_DATA_DIR"]) as folder, OssServerProcess() as oss:
        place = Path(folder)
        with _served(place) as url:
            rows = {"200 MB to the disk": _large(place, url, {}), "200 MB to OSS": _large(place, url, _oss_settings(oss))}
            for title, seen in _crowd(place, url).items():
                rows[f"{CROWD} at once: {title}"] = seen
    Path(sys.argv[1]).write_text(json.dumps(rows))


def _oss_settings(oss: OssServerProcess) -> dict[str, str]:
    return {
        "PORTAL_STORAGE": "oss",
        "OSS_ENDPOINT_URL": oss.url,
        "OSS_BUCKET_NAME": BUCKET,
        "OSS_REGION_NAME": REGION,
        "OSS_ACCESS_KEY_ID": ACCESS_KEY_ID,
        "OSS_ACCESS_KEY_SECRET": ACCESS_KEY_SECRET,
    }


@contextmanager
def _served(folder: Path) -> Iterator[str]:
    """Serve the files of a folder over plain HTTP, straight from the disk's cache."""
    listener = socket.create_server(("127.0.0.1", 0))

    def answer(connection: socket.socket) -> None:
        with connection:
            asked = b""
            while b"\r\n\r\n" not in asked:
                asked += connection.recv(65536)
            with (folder / asked.split()[1].decode().strip("/")).open("rb") as file:
                size = file.seek(0, os.SEEK_END)
                connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Type: video/mp4\r\nConnection: close\r\nContent-Length: %d\r\n\r\n" % size)
                connection.sendfile(file, 0)

    def listen() -> None:
        while True:
            try:
                connection, _ = listener.accept()
            except OSError:
                return
            threading.Thread(target=answer, args=(connection,), daemon=True).start()

    threading.Thread(target=listen, daemon=True).start()
    with listener:
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"


def _large(folder: Path, url: str, settings: Mapping[str, str]) -> dict[str, Any]:
    for size in {LARGE_BYTES, *MEMORY_BYTES}:
        make_large(folder / str(size), size)
    account = ensure_sandbox_accounts("http://127.0.0.1:9")[0]
    rounds = [
        (_timed(lambda: _curl(folder, f"{url}/{LARGE_BYTES}")), _one(account, f"{url}/{LARGE_BYTES}", settings)["s"]) for _ in range(ROUNDS)
    ]
    memory = {size: _one(account, f"{url}/{size}", settings)["grown_mib"] for size in MEMORY_BYTES}
    for size in {LARGE_BYTES, *MEMORY_BYTES}:
        (folder / str(size)).unlink()
    return {
        "rounds": ROUNDS,
        "curl MB/s": round(LARGE_BYTES / MB / statistics.median(curl_s for curl_s, _ in rounds)),
        "portal MB/s": round(LARGE_BYTES / MB / statistics.median(portal_s for _, portal_s in rounds)),
        "portal / curl, median %": round(100 * statistics.median(curl_s / portal_s for curl_s, portal_s in rounds)),
        "memory at 20 MB": f"+{memory[MEMORY_BYTES[0]]} MiB",
        "at 1 GB": f"+{memory[MEMORY_BYTES[1]]} MiB",
    }


def _curl(folder: Path, url: str) -> None:
    subprocess.run(["bash", "-c", f"curl -s {url} | tee {folder / 'curl'} | sha256sum"], check=True, stdout=subprocess.DEVNULL)


def _timed(work: Callable[[], None]) -> float:
    begun = time.monotonic()
    work()
    return time.monotonic() - begun


def _one(account: ProviderAccount, url: str, settings: Mapping[str, str]) -> dict[str, Any]:
    """Save one file in a process of its own, as a saver does."""
    words = [sys.executable, "-m", "benchmarks.large_file", str(account.pk), url]
    environment = os.environ | settings | {"OUTBOUND_ALLOW_CIDRS": "127.0.0.0/8", "PORTAL_MAX_VIDEO_MB": "2000"}
    result: dict[str, Any] = json.loads(subprocess.run(words, cwd=ROOT, env=environment, check=True, stdout=subprocess.PIPE).stdout)
    return result


def _crowd(folder: Path, url: str) -> dict[str, dict[str, Any]]:
    clip = make_clip(folder / "clip.mp4", size=(1280, 720), seconds=5)
    alone = _alone(clip, folder)
    owner, accounts = User.objects.create_user("crowd"), ensure_sandbox_accounts("http://127.0.0.1:9")[:2]
    begun = timezone.now() + timedelta(seconds=25)  # the workers are ready then
    for number in range(CROWD):
        GenerationTask.objects.create(
            owner=owner,
            prompt=Prompt.objects.create(owner=owner, text=f"crowd {number}"),
            model=MODEL,
            params={},
            status="ingesting",
            account=accounts[number % len(accounts)],
            submission_id=f"crowd-{number}",
            outputs=[{"url": f"{url}/clip.mp4", "expires_at": None}],
            due_at=begun,
            rendered_at=begun,
            created_at=begun,
            updated_at=begun,
        )
    with _worker():
        end = time.monotonic() + PATIENCE_S
        while Video.objects.filter(owner=owner).count() < CROWD:
            if time.monotonic() > end:
                raise TimeoutError("some renders were not saved")
            time.sleep(0.5)
    finished = Video.objects.filter(owner=owner).values_list("created_at", flat=True)
    portal = _row(sorted((at - begun).total_seconds() for at in finished))
    assert Video.objects.filter(owner=owner).aggregate(Sum("size_bytes"))["size_bytes__sum"] > 0
    return {
        "the media check alone": alone,
        "portal, done to playable": portal | {"added %": round(100 * (portal["all s"] / alone["all s"] - 1))},
    }


def _alone(clip: Path, folder: Path) -> dict[str, Any]:
    begun, ends = time.monotonic(), []
    record = record_of(GenerationTask(prompt=Prompt(text="crowd"), model=MODEL, params={}, created_at=timezone.now()))

    def check(number: int) -> None:
        with tempfile.TemporaryDirectory(dir=folder) as workdir:
            prepare_video(clip, Path(workdir), record=record | {"number": number})

    with ThreadPoolExecutor(SAVERS) as savers:
        for done in as_completed([savers.submit(check, number) for number in range(CROWD)]):
            done.result()
            ends.append(time.monotonic() - begun)
    return _row(ends)


def _row(seconds: list[float]) -> dict[str, Any]:
    ranked = statistics.quantiles(seconds, n=100, method="inclusive")
    return {"p50 s": round(ranked[49], 1), "p95 s": round(ranked[94], 1), "all s": round(max(seconds), 1)}


@contextmanager
def _worker() -> Iterator[None]:
    environment = os.environ | {"OUTBOUND_ALLOW_CIDRS": "127.0.0.0/8", "PORTAL_INGEST_WORKERS": str(SAVERS)}
    worker = subprocess.Popen([sys.executable, "manage.py", "worker"], cwd=ROOT, env=environment)
    try:
        yield
    finally:
        worker.terminate()
        worker.wait(60)


if __name__ == "__main__":
    die_with_parent()
    main()
