"""A LiteLLM proxy in front of the OpenAI Videos API: long ids that hold where a video is, a list that does not hold every video, and errors
whose code is the HTTP status.

BerriAI/litellm 1.110.2, read and tried 2026-11-29: litellm/types/videos/utils.py (ids), litellm/llms/openai/videos/transformation.py and
litellm/videos/main.py (the list is OpenAI's, under ids without the deployment; the proxy itself answers 400 unless the caller names a
provider), litellm/proxy/_types.py (ProxyException). Of the simulated models OpenAI has those called sora; another vendor has the other.
"""

from __future__ import annotations

import base64
import json
import re
import secrets
from typing import Any

from aiohttp import web

from providers.simulator.dialect import Refused
from providers.simulator.tasks import SimTask
from providers.simulator.vendors.openai_videos import OpenAIVideos, described
from providers.simulator.wire import json_reply

_DEPLOYMENT = re.compile(rb";deployment_id:[0-9a-f]+")
_KINDS = {
    400: ("BadRequestError", "invalid_request_error"),
    401: ("AuthenticationError", "authentication_error"),
    404: ("NotFoundError", "not_found_error"),
    429: ("RateLimitError", "throttling_error"),
}
_OTHER = ("InternalServerError", "internal_server_error")
_NO_PROVIDER = "LLM Provider NOT provided. Pass in the LLM provider you are trying to call. You passed model="


class LiteLLM(OpenAIVideos):
    host = "litellm"

    def new_id(self) -> str:
        inner = f"litellm:custom_llm_provider:openai;model_id:;video_id:video_{secrets.token_hex(16)};deployment_id:{secrets.token_hex(32)}"
        return f"video_{base64.b64encode(inner.encode()).decode()}"

    def listed(self, tasks: list[SimTask]) -> list[SimTask]:
        return [task for task in tasks if task.order.model.startswith("sora")]

    def row(self, task: SimTask, now: float) -> dict[str, Any]:
        inner = _DEPLOYMENT.sub(b"", base64.b64decode(task.id.removeprefix("video_")))
        return {**super().row(task, now), "id": f"video_{base64.b64encode(inner).decode()}"}

    def list_refusal(self) -> Refused:
        return Refused(400, "", _NO_PROVIDER)

    def error(self, refused: Refused) -> web.Response:
        name, kind = _KINDS.get(refused.status, _OTHER)
        quoted = json.dumps({"error": described(refused)}) if refused.code else refused.message
        message = f"litellm.{name}: {name}: OpenAIException - {quoted}" if refused.code else f"litellm.{name}: {quoted}"
        error = {"message": message, "type": kind, "param": None, "code": str(refused.status)}
        return json_reply({"error": error}, refused.status, refused.headers)
