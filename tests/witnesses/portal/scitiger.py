"""curl runs every command of SciTiger's README (tests/seeds/scitiger.md) against the portal, each until its result is complete.

Changed are host, scheme and token alone: the service's address becomes the portal's with the token in it, as the commands send no header;
the images, which example.com does not have, come from this process; `{task_id}` is the id of the task that was just made.
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any
from urllib.parse import urlsplit

ROOT = Path(__file__).parents[3]
sys.path.insert(0, str(ROOT))
sys.path.append(str(Path(__file__).parent))
from parts import frame  # noqa: E402

from tests.seeds.curls import commands_in  # noqa: E402

README = ROOT / "tests" / "seeds" / "scitiger.md"
THEIRS, PICTURES = "http://localhost:8002", "https://example.com"
DONE_WITHIN_S = 90
NAME = re.compile(r"(aliyun|zhipuai)_\d{8}_\d{6}_0_[0-9a-f]{8}\.mp4")


def main() -> None:
    address, token, *_rest = sys.argv[1:]
    parts = urlsplit(address)
    ours = f"{parts.scheme}://x:{token}@{parts.netloc}/compat/scitiger"
    with pictures() as host:
        commands = [command.replace(THEIRS, ours).replace(PICTURES, host) for command in commands_in(README)]
        creates = [command for command in commands if "-X POST" in command]
        asks_status, asks_result = (command for command in commands if "{task_id}" in command)
        made = [(command, said(run(command), "任务已创建")) for command in creates]
    assert len(made) == 10, len(made)
    for command, results in made:
        until_completed(asks_status.replace("{task_id}", results["task_id"]))
        ended = said(run(asks_result.replace("{task_id}", results["task_id"])), "获取任务结果成功")
        check(command, ended)
    held = said(run(creates[0].replace('"is_async": true', '"is_async": false')), "任务已创建")
    check(creates[0], {name: held[name] for name in ("task_id", "status", "result", "error")})
    by_key = creates[0].replace(f"x:{token}@", "").replace("-H ", f'-H "x-api-key: {token}" -H ', 1)
    said(run(by_key), "任务已创建")


def run(command: str) -> dict[str, Any]:
    """Run a command of the README in a shell, as its reader does."""
    done = subprocess.run(["sh", "-c", f"{command} -sS"], capture_output=True, text=True, timeout=DONE_WITHIN_S, check=True)
    answer: dict[str, Any] = json.loads(done.stdout)
    return answer


def said(answer: dict[str, Any], message: str) -> dict[str, Any]:
    assert (answer["success"], answer["message"]) == (True, message), answer
    results: dict[str, Any] = answer["results"]
    return results


def until_completed(command: str) -> None:
    end = time.monotonic() + DONE_WITHIN_S
    while (status := said(run(command), "获取任务状态成功")["status"]) != "completed":
        assert status in {"pending", "running"}, status
        assert time.monotonic() < end
        time.sleep(0.5)


def check(command: str, ended: dict[str, Any]) -> None:
    """The result is whole, and its video is saved under its name."""
    assert list(ended) == ["task_id", "status", "result", "error"], ended
    assert (ended["status"], ended["error"]) == ("completed", None), ended
    result, video = ended["result"], ended["result"]["videos"][0]
    assert f'"model": "{result["model"]}"' in command, result
    assert result["prompt"] in command, result
    name = video["local_path"].rpartition("/")[2]
    assert NAME.fullmatch(name), name
    fetched = run_file(video["url"])
    assert fetched == name, (fetched, name)


def run_file(url: str) -> str:
    """Save a video as `curl -OJ` does and return its name."""
    with_name = subprocess.run(["curl", "-sSI", url], capture_output=True, text=True, timeout=DONE_WITHIN_S, check=True).stdout
    assert "video/mp4" in with_name, with_name
    return re.findall(r'filename="(.+?)"', with_name)[0]


@contextmanager
def pictures() -> Iterator[str]:
    """Serve a picture at every address."""
    picture = frame(1280, 720)

    class Pictures(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.send_header("Content-Type", "image/png")
            self.send_header("Content-Length", str(len(picture)))
            self.end_headers()
            self.wfile.write(picture)

        def log_message(self, *_words: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Pictures) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


if __name__ == "__main__":
    main()
