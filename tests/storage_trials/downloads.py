"""Downloads from the portal's address break, and are resumed: those that the portal sends, and those that it redirects to the bucket."""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
from collections import Counter
from contextlib import suppress

import requests

from benchmarks.stage import ROOT
from generation.models import Video
from tests.storage_trials.trial import Scene
from tools.stack import free_port

__all__ = ["play"]

MOST_TRIES = 20
WAYS = {"sent by the bucket": "", "sent by the portal": "?direct=1"}
BROKEN = (requests.exceptions.ChunkedEncodingError, requests.exceptions.ConnectionError)


def play(scene: Scene) -> None:
    port, seen, wrong = free_port(), Counter[str](), []
    (scene.folder / "data" / "static").mkdir(exist_ok=True)  # the middleware warns when it is missing
    web = subprocess.Popen([sys.executable, "-m", "gunicorn", "--bind", f"127.0.0.1:{port}"], cwd=ROOT, stdin=subprocess.DEVNULL)
    try:
        url = f"http://127.0.0.1:{port}"
        scene.until(lambda: _answers(url), "the web process answers")
        session = requests.Session()
        session.trust_env = False
        session.headers["Authorization"] = f"Bearer {_token(scene)}"
        videos = list(Video.objects.order_by("pk"))
        for _ in range(scene.plan["downloads"]):
            video, way = scene.random.choice(videos), scene.random.choice(list(WAYS))
            seen[way] += 1
            if _download(scene, session, f"{url}/api/v1/videos/{video.pk}/content{WAYS[way]}", video.size_bytes, seen) != video.sha256:
                wrong.append(str(video.pk))
    finally:
        web.terminate()
        web.wait(30)
    scene.table |= {
        "downloads": scene.plan["downloads"],
        "downloads: breaks and answers": dict(seen),
        "downloads: wrong hashes": len(wrong),
    }
    scene.complaints += [f"the download of {pk} has another hash" for pk in wrong]
    if not any(name.startswith("cut") for name in seen):
        scene.complaints.append("no download was cut")


def _download(scene: Scene, session: requests.Session, address: str, size: int, seen: Counter[str]) -> str:
    """Return the hash of what arrived in the end. Half of the tries are cut: at the bucket, or by the client itself."""
    got, etag = b"", ""
    for _ in range(MOST_TRIES):
        kind, at = scene.random.choice(("bucket", "client", "", "")), scene.random.randrange(max(size - len(got), 1))
        if kind == "bucket":
            scene.oss.fault("cut_down", operation="GetObject", after_bytes=at)
        headers = {"Range": f"bytes={len(got)}-", "If-Range": etag} if got else {}
        with suppress(*BROKEN), session.get(address, headers=headers, stream=True, timeout=30) as answer:
            seen[f"status {answer.status_code}"] += 1
            if answer.status_code == requests.codes.ok:
                got = b""
            elif answer.status_code != requests.codes.partial_content:
                continue  # the bucket was cut before the first byte
            etag = answer.headers["ETag"]
            for block in answer.iter_content(4096):
                got += block
                if kind == "client" and len(got) > at:
                    seen["cut by the client"] += 1
                    break
        if len(got) >= size:
            break
        seen["cut, resumed"] += 1
    return hashlib.sha256(got).hexdigest()


def _answers(url: str) -> bool:
    try:
        return requests.get(f"{url}/healthz", timeout=5).ok
    except requests.exceptions.RequestException:
        return False


def _token(scene: Scene) -> str:
    command = [sys.executable, "manage.py", "create_token", scene.owner.username, "storage trial"]
    return subprocess.run(command, cwd=ROOT, check=True, stdout=subprocess.PIPE, text=True, env=os.environ).stdout.split()[-1]
