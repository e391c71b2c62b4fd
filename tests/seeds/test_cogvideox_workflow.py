"""The functions and classes of published examples for a CogVideoX service (cogvideox_workflow.txt, reconstructed) against a running portal.
Only the address is changed: it has the token, because the examples send no header.

`pandas` is a stand-in with the two functions that the examples call; all else is what they import.
"""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest
import requests

from access.tokens import issue
from generation.models import GenerationTask
from tests.portal_driver import RENDERED_S, Driver

HERE = Path(__file__).parent
THEIRS = "http://localhost:6006"
DONE_WITHIN_S = 150
PANDAS = """
import csv

class Frame(list):
    def iterrows(self):
        return enumerate(self)

def read_csv(path):
    with open(path, newline="") as file:
        return Frame(csv.DictReader(file))
"""


@pytest.mark.slow
def test_the_functions_the_batch_the_cms_and_the_shop_get_their_videos(live_server, user, driver: Driver, tmp_path):
    base = f"http://x:{issue(user, 'script')[1]}@{live_server.url.removeprefix('http://')}/compat/cogvideox"
    text = (HERE / "cogvideox_workflow.txt").read_text(encoding="utf-8")
    assert text.count(THEIRS) == 5
    (tmp_path / "workflow.py").write_text(text.replace(THEIRS, base), encoding="utf-8")
    (tmp_path / "use.py").write_text((HERE / "cogvideox_user.txt").read_text(encoding="utf-8"), encoding="utf-8")
    (tmp_path / "pandas.py").write_text(PANDAS, encoding="utf-8")
    variables = os.environ | {"PYTHONIOENCODING": "utf-8", "NO_PROXY": "127.0.0.1,localhost"}

    with (tmp_path / "output").open("w+b") as output:
        process = subprocess.Popen([sys.executable, "use.py", base], stdout=output, stderr=output, env=variables, cwd=tmp_path)
        try:
            work_while(process, driver)
        finally:
            process.kill()
            process.wait()
        output.seek(0)
        printed = output.read().decode()

    assert process.returncode == 0, printed
    assert printed.endswith("done\n")
    tasks = {task.content_id: task for task in GenerationTask.objects.exclude(content_id="")}
    assert tasks["E-1"].metadata == {"category": "electronics", "price": 99}
    assert tasks["7"].metadata == {"product_id": 7, "category": "home"}
    assert {task.model for task in tasks.values()} == {"cogvideox/cogvideox-2b"}
    assert tasks["E-1"].params == {"frames": 16, "width_px": 512, "height_px": 512, "steps": 20}
    assert GenerationTask.objects.count() == 10
    for task in GenerationTask.objects.live():
        driver.finish(task)
    the_content_api_answers_for_their_ids(live_server.url, issue(user, "shop")[1])


def the_content_api_answers_for_their_ids(url: str, token: str) -> None:
    """Ask as `get_content_videos` of the examples would, which they leave open."""
    with requests.Session() as shop:
        shop.headers["Authorization"] = f"Bearer {token}"
        address = f"{url}/api/v1/content"
        ids = ["E-1", "C-2", "H-3", "article-1", "7", "article-2", "article-9"]
        assert shop.post(address, json={"content_ids": ids}).json() == {"missing": ["H-3", "article-9"], "under_way": []}
        phone = shop.get(f"{address}/E-1").json()
        assert ([phone["chosen"]], phone["chosen_because"]) == (phone["videos"], "newest")
        assert requests.get(phone["chosen"]["url"], timeout=30).content[4:8] == b"ftyp"
        variations = shop.get(f"{address}/article-1").json()["videos"]
        assert len(variations) == 3
        chosen = shop.patch(f"{address}/article-1", json={"chosen": variations[2]["id"]}).json()
        assert (chosen["chosen"], chosen["chosen_because"]) == (variations[2], "choice")
        assert shop.get(f"{address}/H-3").status_code == 404


def work_while(process: subprocess.Popen[bytes], driver: Driver) -> None:
    """Do the worker's work until the script has ended."""
    give_up_at = time.monotonic() + DONE_WITHIN_S
    while process.poll() is None:
        assert time.monotonic() < give_up_at, "the script did not end"
        driver.step()
        driver.simulator.advance(RENDERED_S)
        time.sleep(0.2)
