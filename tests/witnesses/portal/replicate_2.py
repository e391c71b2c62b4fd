"""What replicate.py does, with the 2.x line of the package. Its methods have other names, and it validates no signatures: that is done as
Replicate's documentation describes it.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import io
import json
import os
import sys
from pathlib import Path
from typing import Any

import httpx
from replicate import AuthenticationError, NotFoundError, Replicate, UnprocessableEntityError
from replicate.exceptions import ModelError
from replicate.lib._files import FileOutput

sys.path.append(str(Path(__file__).parent))

from page_blocks import blocks_of, filled_in, runs, shown_on
from parts import frame, receiver

MODEL = "kling/kling-v2-6"
OWNER, NAME = MODEL.split("/")
CALLED_WITHIN_S = 60


def refused(kind: type[Exception], call: Any, *words: Any, **order: Any) -> str:
    try:
        call(*words, **order)
    except kind as error:
        return str(error)
    raise AssertionError(f"{words} {order} was not refused")


def picture() -> io.BytesIO:
    return io.BytesIO(frame())


def is_video(address: Any) -> bool:
    return httpx.get(address).raise_for_status().content[4:8] == b"ftyp"


def run(client: Replicate) -> None:
    assert is_video(client.run(MODEL, input={"prompt": "a red balloon", "duration": 5}))
    assert is_video(client.run(MODEL, input={"prompt": "it sails", "start_image": picture()}))
    assert is_video(client.run(MODEL, input={"prompt": "a boat", "image": picture()}, wait=False, file_encoding_strategy="base64"))
    version = client.models.versions.list(model_owner=OWNER, model_name=NAME).results[0]
    assert is_video(client.run(f"{MODEL}:{version.id}", input={"prompt": "by its version", "unknown": 1}))
    assert refused(ModelError, client.run, MODEL, input={"prompt": "a boat #fault:fail-content"})


def run_by_https(client: Replicate) -> None:
    file = client.run(MODEL, input={"prompt": "a balloon by https", "image": picture()})
    assert isinstance(file, FileOutput)
    assert file.read()[4:8] == b"ftyp"


def create(client: Replicate) -> None:
    waited = client.predictions.create(version=MODEL, input={"prompt": "a kite"}, prefer="wait=30")
    assert waited.status in {"starting", "succeeded"}, waited
    assert client.predictions.wait(waited.id).status == "succeeded"
    named = client.models.predictions.create(model_owner=OWNER, model_name=NAME, input={"prompt": "another kite", "seconds": 7})
    assert (named.status, "seconds" in (named.logs or "")) == ("starting", True), named
    deployed = client.deployments.predictions.create(deployment_owner=OWNER, deployment_name=NAME, input={"prompt": "a third kite"})
    for one in (named, deployed):
        assert client.predictions.wait(one.id).status == "succeeded", one
    assert [one.id for one in client.predictions.list()][:3] == [deployed.id, named.id, waited.id]
    assert client.predictions.cancel(prediction_id=waited.id).status == "succeeded"


def be_called(client: Replicate, base: str, token: str) -> None:
    with receiver() as (address, calls):
        endpoint = {"kind": "callback", "url": address}
        made = httpx.post(f"{base}/api/v1/webhooks", json=endpoint, headers={"Authorization": f"Bearer {token}"}).raise_for_status()
        order: Any = {"webhook": f"{address}/done", "webhook_events_filter": ["completed"]}
        ordered = client.predictions.create(version=MODEL, input={"prompt": "a kite that calls"}, **order)
        headers, body = calls.get(timeout=CALLED_WITHIN_S)
    signed = f"{headers['webhook-id']}.{headers['webhook-timestamp']}.{body}"
    key = base64.b64decode(made.json()["secret"].removeprefix("whsec_"))
    signature = base64.b64encode(hmac.new(key, signed.encode(), hashlib.sha256).digest()).decode()
    assert f"v1,{signature}" in headers["webhook-signature"].split(), headers
    assert (json.loads(body)["id"], json.loads(body)["status"]) == (ordered.id, "succeeded"), body


def look_around(client: Replicate) -> None:
    file = client.files.create(content=frame())
    assert file.urls.get.endswith(file.id)
    assert client.files.get(file_id=file.id).size == file.size
    assert file.id in [one.id for one in client.files.list()]
    assert MODEL in [f"{model.owner}/{model.name}" for model in client.models.list()]
    assert client.models.get(model_owner=OWNER, model_name=NAME).name == NAME
    assert client.account.get().type == "user"


def meet_refusals(client: Replicate, base: str) -> None:
    assert MODEL in refused(NotFoundError, client.run, "nobody/has-it", input={"prompt": "a boat"})
    assert "input.prompt" in refused(UnprocessableEntityError, client.run, MODEL, input={})
    assert refused(NotFoundError, client.predictions.get, prediction_id="nobody")
    assert refused(AuthenticationError, Replicate(bearer_token="r8_not_the_token", base_url=base).predictions.list)


def read_the_page(base: str, token: str) -> None:
    """Run the program of the page with the settings that it has for this line of the package."""
    address = shown_on("replicate.md", "`REPLICATE_BASE_URL` of `replicate` 2.x | ")
    [block] = blocks_of("replicate.md", "python")
    runs(block, base, token, REPLICATE_BASE_URL=filled_in(address, base, token), REPLICATE_API_TOKEN=token)


def main(base: str, token: str) -> None:
    address = f"{base}/compat/replicate/v1"
    client = Replicate(bearer_token=token, base_url=address)
    run(client)
    run_by_https(Replicate(bearer_token=token, base_url=f"{os.environ['PORTAL_BY_HTTPS']}/compat/replicate/v1"))
    create(client)
    be_called(client, base, token)
    look_around(client)
    meet_refusals(client, address)
    read_the_page(base, token)


if __name__ == "__main__":
    main(*sys.argv[1:3])
