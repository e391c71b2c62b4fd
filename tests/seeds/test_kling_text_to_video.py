"""The script of a gateway's page for Kling, as that page has it (kling_text_to_video.txt; read 2026-11-20), against a running portal. Only
host, scheme and token are changed. Its class stops at its first unfinished poll, so it works where the answer waits for the video.
"""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path
from urllib.request import ProxyHandler, build_opener

import pytest

from access.tokens import issue
from generation.models import GenerationTask
from tests.portal_driver import Driver

SCRIPT = Path(__file__).with_name("kling_text_to_video.txt")
ORDERED_WITHIN_S = 60
DONE_WITHIN_S = 90


@pytest.mark.slow
def test_the_script_prints_the_address_of_its_video(live_server, user, driver: Driver, tmp_path):
    host, token = live_server.url.removeprefix("http://"), issue(user, "script")[1]
    text = SCRIPT.read_text(encoding="utf-8")
    for theirs, ours in {"HTTPSConnection": "HTTPConnection", "www.dmxapi.cn": host, "sk-XXXXXXXXXXXXX": token}.items():
        assert text.count(theirs) == 1
        text = text.replace(theirs, ours)
    script = tmp_path / "script.py"
    script.write_text(text, encoding="utf-8")
    variables = os.environ | {"PYTHONIOENCODING": "utf-8"}

    with subprocess.Popen([sys.executable, "-I", script], stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=variables) as process:
        driver.finish(the_task(process))
        printed, complaints = (out.decode() for out in process.communicate(timeout=DONE_WITHIN_S))

    assert process.returncode == 0, complaints
    url, video_id = printed.split()
    task = GenerationTask.objects.get()
    assert (task.model, task.prompt.text) == ("kling/kling-v1", "一只可爱的卡通袋鼠,举起了一个写着 DMXAPI 的牌子")
    assert (task.params["duration_s"], task.params["aspect_ratio"], task.params["guidance"]) == (5, "16:9", 0.5)
    assert video_id == str(task.videos.get().pk)
    with build_opener(ProxyHandler({})).open(url, timeout=10) as reply:
        assert reply.headers["Content-Type"] == "video/mp4"
        assert reply.read()[4:8] == b"ftyp"


def the_task(process: subprocess.Popen[bytes]) -> GenerationTask:
    """Return the task as soon as the script has ordered it."""
    give_up_at = time.monotonic() + ORDERED_WITHIN_S
    while (task := GenerationTask.objects.first()) is None:
        assert process.poll() is None, process.stderr.read().decode()
        assert time.monotonic() < give_up_at, "nothing was ordered"
        time.sleep(0.05)
    return task
