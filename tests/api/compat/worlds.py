"""The dialects as the contract tests use them: one line for each."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from api.compat.dialect import Dialect
from api.compat.urls import DIALECTS
from tests.task_rows import MODEL

__all__ = ["MODEL", "WORLDS", "World"]


@dataclass(frozen=True, kw_only=True)
class World:
    """`create` is the path, with a body that orders one video; `get` the address of a task, with `{id}`. `is_refusal` says whether a body
    has the dialect's shape for failures. `within` is the field that holds the prompt and options, if they are not at the top.
    `wrong_token` and `invalid` are the statuses of a wrong token and of a request that is not valid.
    """

    dialect: Dialect
    create: str
    body: Mapping[str, Any]
    get: str
    is_refusal: Callable[[Any], bool]
    wrong_token: int = 401
    invalid: int = 422
    within: str = ""

    def asking(self, **fields: Any) -> dict[str, Any]:
        """Return the body with these fields where the prompt is."""
        return {**self.body, **({self.within: {**self.body[self.within], **fields}} if self.within else fields)}


def _dialect(name: str) -> Dialect:
    return next(one for one in DIALECTS if one.name == name)


def _is_fastapi(body: Any) -> bool:
    details = body["detail"]
    listed = isinstance(details, list) and details and all(set(one) == {"type", "loc", "msg"} for one in details)
    return set(body) == {"detail"} and bool(listed or (isinstance(details, str) and details))


def _is_openai(body: Any) -> bool:
    return set(body) == {"error"} and set(body["error"]) == {"message", "type", "param", "code"} and bool(body["error"]["message"])


def _is_kling(body: Any) -> bool:
    return set(body) == {"code", "message", "request_id"} and body["code"] >= 1000 and bool(body["message"])


def _is_scitiger(body: Any) -> bool:
    return set(body) == {"success", "message"} and body["success"] is False and bool(body["message"])


def _is_cogvideox(body: Any) -> bool:
    return set(body) == {"success", "error"} and body["success"] is False and bool(body["error"])


def _is_openrouter(body: Any) -> bool:
    return set(body) == {"error"} and set(body["error"]) == {"code", "message", "metadata"} and bool(body["error"]["message"])


def _is_replicate(body: Any) -> bool:
    return {"title", "detail", "status"} <= set(body) <= {"title", "detail", "status", "invalid_fields"} and bool(body["detail"])


WORLDS = (
    World(
        dialect=_dialect("jimeng"),
        create="/jimeng/generate_video/",
        body={"prompt": "a red fox", "aspect_ratio": "16:9", "duration_ms": 5000, "fps": 24},
        get="/jimeng/tasks/{id}",
        is_refusal=_is_fastapi,
        wrong_token=403,
    ),
    World(
        dialect=_dialect("openai"),
        create="/v1/videos",
        body={"prompt": "a red fox", "seconds": "5", "size": "1280x720"},
        get="/v1/videos/{id}",
        is_refusal=_is_openai,
        invalid=400,
    ),
    World(
        dialect=_dialect("kling"),
        create="/kling/v1/videos/text2video",
        body={"prompt": "a red fox", "mode": "std", "aspect_ratio": "16:9", "duration": "5", "cfg_scale": 0.5},
        get="/kling/v1/videos/text2video/{id}",
        is_refusal=_is_kling,
        invalid=400,
    ),
    World(
        dialect=_dialect("scitiger"),
        create="/compat/scitiger/api/v1/tasks/",
        body={"provider": "aliyun", "parameters": {"prompt": "a red fox", "duration": 5, "size": "1280x720"}, "is_async": True},
        get="/compat/scitiger/api/v1/tasks/{id}",
        is_refusal=_is_scitiger,
        within="parameters",
    ),
    World(
        dialect=_dialect("cogvideox"),
        create="/compat/cogvideox/api/v1/generate",
        body={
            "prompt": "a red fox",
            "num_frames": 16,
            "width": 512,
            "height": 512,
            "num_inference_steps": 20,
            "content_id": 7,
            "metadata": {"a": 1},
        },
        get="/compat/cogvideox/api/v1/status/{id}",
        is_refusal=_is_cogvideox,
    ),
    World(
        dialect=_dialect("openrouter"),
        create="/compat/openrouter/v1/videos",
        body={"prompt": "a red fox", "duration": 5, "aspect_ratio": "16:9"},
        get="/compat/openrouter/v1/videos/{id}",
        is_refusal=_is_openrouter,
        invalid=400,
    ),
    World(
        dialect=_dialect("ai-gateway"),
        create="/compat/ai-gateway/video-model/start",
        body={"prompt": "a red fox", "n": 1, "duration": 5, "aspectRatio": "16:9"},
        get="/compat/ai-gateway/video-model/status?id={id}",
        is_refusal=_is_openai,
        invalid=400,
    ),
    World(
        dialect=_dialect("replicate"),
        create="/compat/replicate/v1/predictions",
        body={"version": MODEL, "input": {"prompt": "a red fox", "duration": 5, "aspect_ratio": "16:9"}},
        get="/compat/replicate/v1/predictions/{id}",
        is_refusal=_is_replicate,
        within="input",
    ),
)
