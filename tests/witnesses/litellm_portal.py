"""The portal's side of litellm.py: its adapter for OpenAI Videos, with an account at the proxy."""

from __future__ import annotations

import io
import sys
import time
from datetime import UTC, datetime
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2]))

from providers.core.base import Options
from providers.core.client import BlockingClient
from providers.core.errors import AuthenticationFailed, ContentRejected, InvalidParams, ProviderError, Unsupported
from providers.core.fetch import NetworkPolicy, safe_fetch
from providers.core.types import GenerationRequest, State
from providers.vendors.openai_videos import OpenAIVideos

PATIENCE_S = 20
LOCAL = NetworkPolicy(allow_http=True, allow_cidrs=("127.0.0.0/8",))
SPEC = OpenAIVideos.models["gateway-model"]


def account(url: str, key: str) -> BlockingClient:
    return BlockingClient(provider=OpenAIVideos(Options(surface="compatible", base_url=f"{url}/v1", credentials={"api_key": key})))


def order(model: str, prompt: str = "a red balloon") -> GenerationRequest:
    return GenerationRequest(spec=SPEC, prompt=prompt, params=SPEC.params(model_name=model), reference="witness-1")


def make_and_fetch(client: BlockingClient, model: str) -> None:
    submission = client.submit(order(model))
    give_up_at = time.monotonic() + PATIENCE_S
    while (snapshot := client.poll(submission)).state is not State.SUCCEEDED:
        assert snapshot.state in {State.QUEUED, State.RUNNING}, snapshot
        assert time.monotonic() < give_up_at, "the video did not end"
        time.sleep(0.3)
    [output] = snapshot.outputs
    headers = client.provider.download_headers(output.url, datetime.now(UTC))
    file = io.BytesIO()
    safe_fetch(output.url, to=file, max_bytes=10_000_000, allow=LOCAL, expected="video", headers=headers)
    assert file.getvalue()[4:8] == b"ftyp"


def refused(client: BlockingClient, request: GenerationRequest) -> type[ProviderError]:
    try:
        client.submit(request)
    except ProviderError as error:
        return type(error)
    raise AssertionError(f"{request.prompt} was not refused")


def main(url: str, key: str, model: str) -> None:
    client, began = account(url, key), datetime.now(UTC)
    client.check_account()
    make_and_fetch(client, model)
    try:
        found = client.look_up("witness-2", spec=SPEC, since=began)
    except Unsupported:
        pass
    else:
        raise AssertionError(f"its list says that a lost submit is {found}")
    assert refused(account(url, "sk-not-the-key"), order(model)) in {AuthenticationFailed, InvalidParams}
    assert refused(client, order("nobody-has-it")) is InvalidParams
    assert refused(client, order(model, "a boat #fault:refuse")) is ContentRejected


if __name__ == "__main__":
    main(*sys.argv[1:4])
