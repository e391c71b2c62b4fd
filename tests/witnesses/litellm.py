"""LiteLLM's proxy as a gateway between the portal's adapter and the simulated Videos API: one video is made and fetched through it, and its
list and its refusals are read. The adapter runs in litellm_portal.py, with the portal's own Python.
"""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import tempfile
import time
from contextlib import suppress
from pathlib import Path
from urllib.error import URLError
from urllib.request import ProxyHandler, build_opener

KEY = "sk-witness-of-litellm"
MODEL = "house-video-1"
UP_WITHIN_S = 65
DONE_WITHIN_S = 35
CONFIG = """
model_list:
  - model_name: {model}
    litellm_params:
      model: openai/{model}
      api_base: {base}/hosts/openai/v1
      api_key: sk-sandbox-openai-videos
general_settings:
  master_key: {key}
"""


def free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])


def wait_until_up(url: str, proxy: subprocess.Popen[bytes]) -> None:
    opener, give_up_at = build_opener(ProxyHandler({})), time.monotonic() + UP_WITHIN_S
    while True:
        assert proxy.poll() is None, "the proxy ended"
        assert time.monotonic() < give_up_at, "the proxy did not start"
        with suppress(URLError, OSError), opener.open(f"{url}/health/liveliness", timeout=2):
            return
        time.sleep(0.3)


def main(base: str, portal_python: str) -> None:
    url = f"http://127.0.0.1:{free_port()}"
    with tempfile.TemporaryDirectory() as folder:
        config, log = Path(folder) / "config.yaml", Path(folder) / "log"
        config.write_text(CONFIG.format(model=MODEL, base=base, key=KEY))
        kept = {name: value for name, value in os.environ.items() if not name.lower().endswith("_proxy")}
        command = [Path(sys.executable).parent / "litellm", "--host", "127.0.0.1", "--port", url.rpartition(":")[2]]
        with log.open("wb") as output:
            proxy = subprocess.Popen(
                [*command, "--config", config, "--telemetry", "False"],
                cwd=folder,
                env=kept | {"HOME": folder, "LITELLM_LOCAL_MODEL_COST_MAP": "True"},
                stdout=output,
                stderr=subprocess.STDOUT,
            )
            try:
                wait_until_up(url, proxy)
                portal = Path(__file__).with_name("litellm_portal.py")
                subprocess.run([portal_python, portal, url, KEY, MODEL], check=True, timeout=DONE_WITHIN_S)
            except BaseException:
                print(log.read_text(errors="replace")[-3_000:])
                raise
            finally:
                proxy.terminate()
                try:
                    proxy.wait(5)
                except subprocess.TimeoutExpired:
                    proxy.kill()


if __name__ == "__main__":
    main(*sys.argv[1:3])
