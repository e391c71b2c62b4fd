"""LiteLLM's proxy on both sides of the portal, and in one process, because it starts slowly.

Before it, a program makes and fetches videos of the portal through the proxy, by its routes `openai/`, with the settings of
docs/integrations/openai.md, and `hosted_vllm/`. Behind it, the portal's adapter (litellm_portal.py, with the portal's own Python) makes a
video of the simulated Videos API through the proxy.
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
from typing import Any
from urllib.error import URLError
from urllib.request import ProxyHandler, build_opener

from openai import BadRequestError, OpenAI

sys.path.append(str(Path(__file__).parent))

from page_blocks import blocks_of, filled_in
from parts import frame

KEY = "sk-witness-of-litellm"
BEHIND = "house-video-1"
PATIENCE_S = 40
POLL_S = 0.5
UP_WITHIN_S = 90
DONE_WITHIN_S = 35
OF_THE_PAGE = "video"
CONFIG = """
{page}
  - model_name: house-video-1
    litellm_params: {{model: openai/house-video-1, api_base: "{simulator}/hosts/openai/v1", api_key: sk-sandbox-openai-videos}}
  - model_name: portal-vllm
    litellm_params: {{model: hosted_vllm/sora-2, api_base: "{portal}/v1", api_key: "{token}"}}
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


def ended(client: OpenAI, name: str) -> Any:
    give_up_at = time.monotonic() + PATIENCE_S
    while (video := client.videos.retrieve(name)).status in {"queued", "in_progress"}:
        assert time.monotonic() < give_up_at, "the video did not end"
        time.sleep(POLL_S)
    return video


def refused(kind: type[Exception], call: Any, **order: Any) -> str:
    try:
        call(**order)
    except kind as error:
        return str(error)
    raise AssertionError(f"{order} was not refused")


def call_the_portal(url: str) -> None:
    """Make, fetch and refuse videos of the portal. The proxy forwards no `variant`, has no DELETE, and asks OpenAI itself for lists."""
    client = OpenAI(api_key=KEY, base_url=f"{url}/v1", max_retries=0)
    made = client.videos.create(model=OF_THE_PAGE, prompt="a red balloon", seconds="5", size="1280x720")
    framed = client.videos.create(model=OF_THE_PAGE, prompt="it sails", input_reference=("frame.png", frame(), "image/png"))
    extra = {"seed": 7, "aspect_ratio": "16:9", "generate_audio": False, "duration": 5}
    more = client.videos.create(model=OF_THE_PAGE, prompt="a boat", extra_body=extra)
    fields = {"width": 1280, "height": 720, "num_frames": 80, "fps": 16, "num_inference_steps": 40, "guidance_scale": 4.5, "seed": 7}
    hints = {"negative_prompt": "rain"}
    vllm = client.videos.create(model="portal-vllm", prompt="a lake", extra_body=fields | hints)
    for video in (made, framed, more, vllm):
        done = ended(client, video.id)
        assert (done.status, done.seconds) == ("completed", "5"), done
        assert client.videos.download_content(done.id).read()[4:8] == b"ftyp"
    assert client.videos.remix(made.id, prompt="the same at night").id
    assert "seconds" in refused(BadRequestError, client.videos.create, model=OF_THE_PAGE, prompt="a boat", seconds="7")
    failed = client.videos.create(model=OF_THE_PAGE, prompt="a boat #fault:fail-content")
    assert ended(client, failed.id).status == "failed"


def main(portal: str, token: str, simulator: str, portal_python: str) -> None:
    url = f"http://127.0.0.1:{free_port()}"
    with tempfile.TemporaryDirectory() as folder:
        config, log = Path(folder) / "config.yaml", Path(folder) / "log"
        [block] = blocks_of("openai.md", "yaml")
        page = filled_in(block.code, portal, token)
        config.write_text(CONFIG.format(page=page, portal=portal, token=token, simulator=simulator, key=KEY))
        ours = {"DATABASE_URL"}  # the portal's; the proxy would take it for its own
        kept = {name: value for name, value in os.environ.items() if not name.lower().endswith("_proxy") and name not in ours}
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
                adapter = Path(__file__).parents[1] / "litellm_portal.py"
                subprocess.run([portal_python, adapter, url, KEY, BEHIND], check=True, timeout=DONE_WITHIN_S)
                call_the_portal(url)
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
    main(*sys.argv[1:5])
