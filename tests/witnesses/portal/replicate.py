"""The package `replicate` 1.x against the portal: run() with a file, create that waits, cancel, lists, models, versions, a webhook whose
signature it validates, its exceptions, and the program of docs/integrations/replicate.md.
"""

from __future__ import annotations

import io
import json
import os
import sys
from pathlib import Path
from typing import Any

import httpx
from replicate.client import Client
from replicate.exceptions import ModelError, ReplicateError
from replicate.helpers import FileOutput
from replicate.webhook import InvalidSignatureError, WebhookSigningSecret

sys.path.append(str(Path(__file__).parent))

from page_blocks import blocks_of, filled_in, runs, shown_on
from parts import frame, receiver

MODEL = "kling/kling-v2-6"
CALLED_WITHIN_S = 60


def refused(status: int, call: Any, *words: Any, **order: Any) -> ReplicateError:
    try:
        call(*words, **order)
    except ReplicateError as error:
        found = error
    else:
        raise AssertionError(f"{words} {order} was not refused")
    assert (found.status, bool(found.title and found.detail)) == (status, True), found
    return found


def picture() -> io.BytesIO:
    return io.BytesIO(frame())


def is_video(address: str) -> bool:
    return httpx.get(address).raise_for_status().content[4:8] == b"ftyp"


def run(client: Client) -> None:
    """Over plain http the package gives addresses in place of `FileOutput`."""
    assert is_video(client.run(MODEL, input={"prompt": "a red balloon", "duration": 5}))
    assert is_video(client.run(MODEL, input={"prompt": "it sails", "start_image": picture()}))
    assert is_video(client.run(MODEL, input={"prompt": "a boat", "image": picture()}, wait=False, file_encoding_strategy="base64"))
    version = client.models.get(MODEL).latest_version
    assert version
    assert is_video(client.run(f"{MODEL}:{version.id}", input={"prompt": "by its version", "unknown": 1}))
    try:
        client.run(MODEL, input={"prompt": "a boat #fault:fail-content"})
    except ModelError as error:
        said = error.prediction.error
    else:
        raise AssertionError("a failed render was not raised")
    assert said


def run_by_https(client: Client) -> None:
    file = client.run(MODEL, input={"prompt": "a balloon by https", "image": picture()})
    assert isinstance(file, FileOutput)
    assert file.read()[4:8] == b"ftyp"


def create(client: Client) -> None:
    version = client.models.get(MODEL).versions.list()[0]
    waited = client.predictions.create(version=version, input={"prompt": "a kite"}, wait=30)
    assert waited.status in {"starting", "succeeded"}, waited
    waited.wait()
    assert (waited.status, waited.error, waited.model, waited.version) == ("succeeded", None, MODEL, version.id), waited
    assert waited.metrics
    assert waited.completed_at
    named = client.models.predictions.create(model=MODEL, input={"prompt": "another kite", "seconds": 7})
    assert (named.status, "seconds" in (named.logs or "")) == ("starting", True), named
    deployed = client.deployments.predictions.create(deployment=MODEL, input={"prompt": "a third kite"})
    for one in (named, deployed):
        one.wait()
        assert one.status == "succeeded", one
    listed = client.predictions.list()
    assert [one.id for one in listed][:3] == [deployed.id, named.id, waited.id]
    assert listed.next is None
    assert client.predictions.cancel(waited.id).status == "succeeded"


def be_called(client: Client, base: str, token: str) -> None:
    """The signature is made with the secret of the address's endpoint in the portal."""
    with receiver() as (address, calls):
        endpoint = {"kind": "callback", "url": address}
        made = httpx.post(f"{base}/api/v1/webhooks", json=endpoint, headers={"Authorization": f"Bearer {token}"}).raise_for_status()
        order = {"webhook": f"{address}/done", "webhook_events_filter": ["completed"]}
        ordered = client.models.predictions.create(model=MODEL, input={"prompt": "a kite that calls"}, **order)
        headers, body = calls.get(timeout=CALLED_WITHIN_S)
    client.webhooks.validate(headers=headers, body=body, secret=WebhookSigningSecret(key=made.json()["secret"]), tolerance=CALLED_WITHIN_S)
    try:
        client.webhooks.validate(headers=headers, body=body, secret=WebhookSigningSecret(key="whsec_c29tZWJvZHkgZWxzZSdz"))
    except InvalidSignatureError:
        pass
    else:
        raise AssertionError("another secret was taken")
    told = json.loads(body)
    assert (told["id"], told["status"], told["error"]) == (ordered.id, "succeeded", None), told
    assert is_video(told["output"])


def look_around(client: Client) -> None:
    file = client.files.create(picture())
    assert (client.files.get(file.id).size, file.urls["get"].endswith(file.id)) == (file.size, True)
    assert file.id in [one.id for one in client.files.list()]
    assert MODEL in [model.id for model in client.models.list()]
    assert client.accounts.current().type == "user"


def meet_refusals(client: Client, base: str) -> None:
    assert MODEL in str(refused(404, client.run, "nobody/has-it", input={"prompt": "a boat"}).detail)
    assert "input.prompt" in str(refused(422, client.run, MODEL, input={}).detail)
    refused(404, client.predictions.get, "nobody")
    refused(401, Client(api_token="r8_not_the_token", base_url=base).predictions.list)


def read_the_page(base: str, token: str) -> None:
    """Run the program of the page with the settings that it has for this line of the package."""
    address = shown_on("replicate.md", "`REPLICATE_BASE_URL` of `replicate` 1.x | ")
    [block] = blocks_of("replicate.md", "python")
    runs(block, base, token, REPLICATE_BASE_URL=filled_in(address, base, token), REPLICATE_API_TOKEN=token)


def main(base: str, token: str) -> None:
    client = Client(api_token=token, base_url=f"{base}/compat/replicate")
    run(client)
    run_by_https(Client(api_token=token, base_url=f"{os.environ['PORTAL_BY_HTTPS']}/compat/replicate"))
    create(client)
    be_called(client, base, token)
    look_around(client)
    meet_refusals(client, f"{base}/compat/replicate")
    read_the_page(base, token)


if __name__ == "__main__":
    main(*sys.argv[1:3])
