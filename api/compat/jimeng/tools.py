"""`/api/v1/openapi-tools.json`: three operations of this dialect, described flatly, for programs that make tools of OpenAPI documents.

Dify's importer (langgenius/dify, `api/core/tools/utils/parser.py`, read 2026-11-29) takes the first server as it is written, the properties
of one JSON body, the parameters of an operation, and string, number or boolean as types; it follows no nested reference. Its tools read for
60 seconds.
"""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, JsonResponse
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_safe

from api.errors import answer_in_json
from delivery.links import origin_of

__all__ = ["tools_document"]

ORDERED: dict[str, Any] = {
    "prompt": {"type": "string", "description": "What the video should show, in any language."},
    "aspect_ratio": {"type": "string", "description": "Width to height: 16:9, 9:16 or 1:1.", "default": "16:9"},
    "duration_ms": {"type": "integer", "description": "Length in milliseconds, such as 5000. The nearest that the model can make is used."},
    "fps": {"type": "integer", "description": "Frames per second, such as 24, if the model has this option."},
    "model": {"type": "string", "description": "A name from list_models. Without it, the model that the administrator chose is used."},
    "negative_prompt": {"type": "string", "description": "What the video should not show."},
    "resolution": {"type": "string", "description": "480p, 720p or 1080p, if the model has this option."},
    "seed": {"type": "integer", "description": "The same seed and prompt give a similar video."},
    "image_url": {"type": "string", "description": "https address of the image that the video begins with."},
}
SHOWN: dict[str, Any] = {
    "task_id": {"type": "string", "description": "Pass it to get_video."},
    "status": {"type": "string", "description": "queued, processing, completed or failed."},
    "video_url": {"type": "string", "description": "Address at which the video plays, once it is done."},
    "detail": {"type": "string", "description": "Why the task has no video."},
}


@csrf_exempt
@answer_in_json
@require_safe
def tools_document(request: HttpRequest) -> JsonResponse:
    """Return the document. It is the same for everyone and needs no token, because importers send none."""
    document = {
        "openapi": "3.0.3",
        "info": {"title": "Video Portal", "version": "1", "description": "Order videos and fetch them."},
        "servers": [{"url": origin_of(request)}],
        "paths": {
            "/jimeng/generate_video/": {"post": _operation("create_video", CREATE_WORDS, body=ORDERED, answer=SHOWN)},
            "/jimeng/tasks/{task_id}": {"get": _operation("get_video", GET_WORDS, parameters=GET_PARAMETERS, answer=SHOWN)},
            "/jimeng/models": {
                "get": _operation("list_models", LIST_WORDS, answer={"models": {"type": "array", "items": {"type": "object"}}})
            },
        },
        "components": {"securitySchemes": {"token": {"type": "http", "scheme": "bearer"}}},
        "security": [{"token": []}],
    }
    return JsonResponse(document)


CREATE_WORDS = (
    "Order a video from a prompt. It costs money. The answer has video_url if the video is done within a minute; otherwise ask get_video "
    "with the task_id. The same request within two minutes is the same order."
)
GET_WORDS = (
    "Ask for a video that was ordered. The answer waits up to `wait` seconds for the video. Ask again while status is queued or processing."
)
GET_PARAMETERS = [
    {"name": "task_id", "in": "path", "required": True, "description": "From create_video.", "schema": {"type": "string"}},
    {"name": "wait", "in": "query", "required": False, "description": "Seconds, at most 50.", "schema": {"type": "integer", "default": 45}},
]
LIST_WORDS = "List the models that may be named in create_video."


def _operation(name: str, words: str, *, answer: Any, body: Any = None, parameters: Any = ()) -> dict[str, Any]:
    content = {"application/json": {"schema": {"type": "object", "properties": answer}}}
    operation: dict[str, Any] = {
        "operationId": name,
        "summary": words.partition(".")[0],
        "description": words,
        "parameters": list(parameters),
        "responses": {"200": {"description": "As it is now", "content": content}},
    }
    if body:
        schema = {"type": "object", "required": ["prompt"], "properties": body}
        operation["requestBody"] = {"required": True, "content": {"application/json": {"schema": schema}}}
    return operation
