"""volcengine's VisualService against the simulated official Jimeng: its own signature, submit, result, the file and refusals."""

from __future__ import annotations

import json
import sys
import time
from typing import Any
from urllib.parse import urlsplit
from urllib.request import urlopen

from volcengine.visual.VisualService import VisualService

FAR = "https://example.com/picture.jpg"
ORDERS: list[dict[str, Any]] = [
    {"req_key": "jimeng_t2v_v30", "aspect_ratio": "9:16", "seed": 7},
    {"req_key": "jimeng_t2v_v30_1080p", "frames": 241},
    {"req_key": "jimeng_i2v_first_v30", "image_urls": [FAR]},
    {"req_key": "jimeng_i2v_first_tail_v30", "image_urls": [FAR, FAR]},
    {"req_key": "jimeng_ti2v_v30_pro", "frames": 121},
]
PATIENCE_S = 10


def service(base: str, secret: str = "sim-secret") -> VisualService:  # noqa: S107 - invented
    address = urlsplit(base)
    visual = VisualService()
    visual.set_scheme(address.scheme)
    visual.set_host(address.netloc)
    visual.set_ak("sim-access")
    visual.set_sk(secret)
    for action in ("CVSync2AsyncSubmitTask", "CVSync2AsyncGetResult"):
        visual.api_info[action].path = "/hosts/volcvisual/"
    return visual


def finished(visual: VisualService, req_key: str, task_id: str) -> dict[str, Any]:
    give_up_at = time.monotonic() + PATIENCE_S
    while time.monotonic() < give_up_at:
        answer = visual.cv_sync2async_get_result({"req_key": req_key, "task_id": task_id})
        if answer["data"]["status"] not in {"in_queue", "generating"}:
            return answer
        time.sleep(0.05)
    raise AssertionError("the task did not end")


def is_video(url: str) -> bool:
    with urlopen(url, timeout=PATIENCE_S) as file:  # noqa: S310 - an address of the simulator
        return bool(file.read()[4:8] == b"ftyp")


def refused(visual: VisualService, form: dict[str, Any]) -> str:
    """The vendor's words: the SDK raises plain exceptions around them."""
    try:
        visual.cv_sync2async_submit_task(form)
    except Exception as error:
        return str(error)
    raise AssertionError(f"{json.dumps(form)} was not refused")


def main(base: str) -> None:
    visual = service(base)
    for number, order in enumerate(ORDERS):
        submitted = visual.cv_sync2async_submit_task({"prompt": f"a boat {number}", **order})
        assert (submitted["code"], submitted["message"]) == (10000, "Success"), submitted
        done = finished(visual, order["req_key"], submitted["data"]["task_id"])
        assert (done["code"], done["data"]["status"]) == (10000, "done"), done
        assert is_video(done["data"]["video_url"])
    failed = visual.cv_sync2async_submit_task({"prompt": "a boat #fault:fail-content", "req_key": "jimeng_t2v_v30"})
    assert finished(visual, "jimeng_t2v_v30", failed["data"]["task_id"])["code"] == 50511
    assert "50412" in refused(visual, {"prompt": "a boat #fault:refuse", "req_key": "jimeng_t2v_v30"})
    assert "50429" in refused(visual, {"prompt": "a boat #fault:rate-limit", "req_key": "jimeng_t2v_v30"})
    assert "50215" in refused(visual, {"prompt": "a boat", "req_key": "jimeng_t2v_v30", "frames": 1})
    assert "SignatureDoesNotMatch" in refused(service(base, "another-secret"), {"prompt": "a boat", "req_key": "jimeng_t2v_v30"})


if __name__ == "__main__":
    main(sys.argv[1])
