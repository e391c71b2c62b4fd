"""A language model behind OpenAI's `/v1/chat/completions`. It knows a few scenes by heart and has one manner for all others.

What it is to do it takes from the system message, as a language model does. From platform.openai.com/docs/api-reference/chat and, for the
answers that go wrong, openrouter.ai/docs/api-reference/overview and /errors; read 2026-11-29. Faults are asked for in the user's message.
"""

from __future__ import annotations

import base64
import binascii
import io
import secrets
from collections.abc import Mapping
from typing import Any, NoReturn

from aiohttp import web
from PIL import Image, UnidentifiedImageError

from providers.simulator import wire
from providers.simulator.accounts import nature
from providers.simulator.dialect import Refusal, Refused
from providers.simulator.faults import CHAT, parse
from providers.simulator.host import read_object
from providers.simulator.site import Site
from providers.simulator.vendors.chat_words import captioned, described, enhanced, is_chinese, translated
from providers.simulator.wire import json_reply

_MODELS = ("sim-writer", "sim-writer-mini")
_REFUSALS = {
    Refusal.AUTH: (401, "invalid_api_key", "Incorrect API key provided."),
    Refusal.ARREARS: (429, "insufficient_quota", "You exceeded your current quota, please check your plan and billing details."),
    Refusal.RATE: (429, "rate_limit_exceeded", "Rate limit reached for requests."),
    Refusal.SERVER: (503, "server_error", "The server is overloaded, please try again later."),
}
_BY_FAULT = {"auth": Refusal.AUTH, "quota": Refusal.ARREARS, "rate-limit": Refusal.RATE, "5xx-before": Refusal.SERVER}
_AFTER = ("html-200", "empty-body", "bad-json", "hang-before", "reset-before")
_FAMILY = (*_BY_FAULT, *_AFTER, *CHAT)
_HUGE_CHARACTERS = 1024 * 1024
_SIDE = {True: "wide", False: "tall"}


class Chat:
    """A Vendor that takes no orders."""

    host = "chat"

    def __init__(self, site: Site) -> None:
        self.site = site

    async def handle(self, request: web.BaseRequest, path: str) -> web.StreamResponse:
        try:
            return await self._routed(request, path)
        except Refused as refused:
            kind = "invalid_request_error" if refused.status < 429 else "server_error"
            error = {"message": refused.message, "type": kind, "param": None, "code": refused.code}
            return json_reply({"error": error}, refused.status)

    async def _routed(self, request: web.BaseRequest, path: str) -> web.StreamResponse:
        key = request.headers.get("Authorization", "").removeprefix("Bearer ")
        if nature(key) == "bad":
            raise Refused(*_REFUSALS[Refusal.AUTH])
        match request.method, path.partition("?")[0]:
            case "GET", "/v1/models":
                models = [{"id": name, "object": "model", "created": 1_759_708_800, "owned_by": "simulator"} for name in _MODELS]
                return json_reply({"object": "list", "data": models})
            case "POST", "/v1/chat/completions":
                return await self._complete(request)
        raise Refused(404, "unknown_url", f"Invalid URL ({request.method} {path})")

    async def _complete(self, request: web.BaseRequest) -> web.StreamResponse:
        body = await read_object(request, Refused(400, "invalid_json", "We could not parse the JSON body of your request."))
        model, messages = body.get("model"), body.get("messages")
        if not isinstance(model, str) or not model:
            _invalid("you must provide a model parameter")
        if not isinstance(messages, list) or not messages or not all(isinstance(one, dict) for one in messages):
            _invalid("Missing required parameter: 'messages'.")
        if body.get("stream"):
            _invalid("This model does not stream.")
        instruction = "\n".join(_texts(one) for one in messages if one.get("role") in {"system", "developer"})
        asked = "\n".join(_texts(one) for one in messages if one.get("role") == "user")
        picture = next((found for one in messages if (found := _picture(one))), "")
        fault = self.site.faults.asked(request, self.host, _FAMILY) or parse(asked, self.host).strike(_FAMILY)
        if fault in _BY_FAULT:
            raise Refused(*_REFUSALS[_BY_FAULT[fault]])
        return await self._answer(request, str(model), _written(instruction, asked, picture), fault)

    async def _answer(self, request: web.BaseRequest, model: str, text: str, fault: str | None) -> web.Response:
        """Answer with the text, or as the fault says."""
        match fault:
            case "hang-before":
                return await wire.hang(request, self.site.tuning.hang_s)
            case "reset-before":
                return wire.reset(request)
            case "html-200":
                return wire.html_reply()
            case "empty-body":
                return wire.empty_reply()
            case "bad-json":
                return wire.broken_json(json_reply(_completion(model, text)))
        return json_reply(_said(model, text, fault))


def _invalid(message: str) -> NoReturn:
    raise Refused(400, "invalid_value", message)


def _texts(message: Mapping[str, Any]) -> str:
    content = message.get("content")
    if isinstance(content, list):
        return "\n".join(str(part.get("text", "")) for part in content if isinstance(part, dict) and part.get("type") == "text")
    return content if isinstance(content, str) else ""


def _picture(message: Mapping[str, Any]) -> str:
    """Return what can be seen in the message's picture: its shape and its colour. Raise Refused for one that cannot be read."""
    content = message.get("content")
    parts = [part for part in content if isinstance(part, dict) and part.get("type") == "image_url"] if isinstance(content, list) else []
    if not parts:
        return ""
    url = parts[0].get("image_url")
    address = str(url.get("url", "")) if isinstance(url, dict) else ""
    head, _, data = address.partition(",")
    try:
        with Image.open(io.BytesIO(base64.b64decode(data, validate=True))) as image:
            size, (red, green, blue) = image.size, image.convert("RGB").resize((1, 1)).getpixel((0, 0))  # type: ignore[misc]
    except (binascii.Error, UnidentifiedImageError, OSError):
        _invalid("Invalid image.")
    if not head.startswith("data:image/"):
        _invalid("Invalid image.")
    shades = {"red": red, "green": green, "blue": blue}
    return f"{_SIDE[size[0] >= size[1]]} {max(shades, key=lambda name: shades[name])}"


def _written(instruction: str, asked: str, picture: str) -> str:
    """Do what the system message says."""
    if picture:
        return described(picture, asked, is_in_chinese=is_chinese(instruction))
    if "translate" in instruction or "翻译" in instruction:
        return translated(asked)
    if "hashtag" in instruction or "配文" in instruction:
        return captioned(asked, is_in_chinese=is_chinese(instruction))
    return enhanced(asked, is_in_chinese=is_chinese(instruction))


def _said(model: str, text: str, fault: str | None) -> dict[str, Any]:
    """Return the body of an answer with the text, or as the fault says."""
    call = {"id": "call_1", "type": "function", "function": {"name": "search", "arguments": '{"q": "fox"}'}}
    match fault:
        case "chat-error-200":
            return {"error": {"code": 502, "message": "Provider returned error", "metadata": {"provider_name": "none"}}}
        case "chat-no-choices":
            return {**_completion(model, ""), "choices": []}
        case "chat-huge":
            return _completion(model, "x" * _HUGE_CHARACTERS)
        case "chat-empty":
            return _completion(model, "  \n")
        case "chat-cut":
            return _completion(model, text[: len(text) // 2], finish_reason="length")
        case "chat-refused":
            return _completion(model, None, refusal="I'm sorry, I cannot assist with that request.")
        case "chat-tool-call":
            return _completion(model, None, finish_reason="tool_calls", tool_calls=[call])
    return _completion(model, text)


def _completion(model: str, content: str | None, *, finish_reason: str = "stop", **more: Any) -> dict[str, Any]:
    message = {"role": "assistant", "content": content, "refusal": None, **more}
    return {
        "id": f"chatcmpl-{secrets.token_hex(12)}",
        "object": "chat.completion",
        "created": 1_764_460_800,
        "model": model,
        "choices": [{"index": 0, "message": message, "logprobs": None, "finish_reason": finish_reason}],
        "usage": {"prompt_tokens": 100, "completion_tokens": len(content or "") // 4, "total_tokens": 100 + len(content or "") // 4},
        "system_fingerprint": None,
    }
