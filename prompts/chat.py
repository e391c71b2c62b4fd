"""Asks a language model for one text, by the usual `POST …/chat/completions`, and believes nothing of what it answers.

The shape and where it was read: docs/adr/0051.
"""

from __future__ import annotations

import logging
import re
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from threading import Lock
from typing import Any

from django.conf import settings
from django.contrib.auth.models import User
from django.db.models import Q, QuerySet

from prompts.models import ChatEndpoint
from providers.accounts.sealing import SealBroken, seal, unseal
from providers.core.errors import UnexpectedReply
from providers.core.messages import Message, say
from providers.core.transport import BlockingTransport, Timeouts, TransportFailure
from providers.core.types import WireReply, WireRequest

__all__ = ["MOST_ASKED", "MOST_TIMEOUT_S", "ChatFailed", "ask", "ensure_sandbox_endpoint", "set_key", "usable_endpoint", "usable_endpoints"]

log = logging.getLogger("prompts.chat")

MOST_BYTES = 512 * 1024
"""Of an answer: some models add thousands of words of thinking to it. A megabyte is no prompt."""
CONNECT_S = 5.0
MOST_TIMEOUT_S = 60
MOST_ASKED = max(1, settings.WEB_THREADS // 4)
"""At one time in a process, because each holds a thread while it waits; half of them for one person."""
SANDBOX_PATH = "/hosts/chat/v1"
THOUGHTS = re.compile(r"^\s*<think>.*?</think>", re.DOTALL)
FENCE = re.compile(r"^```[\w-]*\n(.*?)\n?```$", re.DOTALL)
LABEL = re.compile(
    r"^\**(改写后的提示词|扩写后的提示词|提示词|译文|文案|(?:enhanced |rewritten |video )?prompt|translation|caption)\**\s*[:：]\**\s*",
    re.IGNORECASE,
)
QUOTES = (('"', '"'), ("“", "”"), ("「", "」"), ("'", "'"))


class ChatFailed(Exception):
    """There is no text to use; `words` say why."""

    def __init__(self, words: Message) -> None:
        self.words = words
        super().__init__(str(words))


def usable_endpoints() -> QuerySet[ChatEndpoint]:
    """Return those that prompts may be sent to, the preferred one first."""
    return ChatEndpoint.objects.filter(Q(is_local=True) | Q(agreed_at__isnull=False), enabled=True)


def usable_endpoint(*, sees_images: bool = False) -> ChatEndpoint:
    """Return the endpoint to ask. Raise `ChatFailed` when there is none."""
    all_of_them = usable_endpoints()
    found = (all_of_them.filter(sees_images=True) if sees_images else all_of_them).first()
    if found is None:
        raise ChatFailed(say("chat_blind") if sees_images and all_of_them.exists() else say("chat_none"))
    return found


def set_key(endpoint: ChatEndpoint, key: str) -> None:
    """Encrypt the key into the endpoint's row, which the caller saves; empty: it needs none."""
    endpoint.sealed_key = seal(endpoint.pk, {"key": key}) if key else ""


def ensure_sandbox_endpoint(simulator_url: str) -> ChatEndpoint:
    """Create the endpoint that the simulator plays, or point it at this simulator. Every other one is preferred to it."""
    address = simulator_url.rstrip("/") + SANDBOX_PATH
    endpoint = ChatEndpoint.objects.filter(base_url__endswith=SANDBOX_PATH).first()
    if endpoint is None:
        facts = {"name": "Sandbox writer", "model": "sim-writer", "sees_images": True, "is_local": True, "priority": 100}
        return ChatEndpoint.objects.create(base_url=address, **facts)
    endpoint.base_url = address
    endpoint.save(update_fields=["base_url"])
    return endpoint


def ask(endpoint: ChatEndpoint, *, owner: User, instruction: str, text: str, image_url: str = "") -> str:
    """Return what the language model writes for this person, without wrapping. Raise `ChatFailed`; nothing that it does raises another."""
    content: Any = text
    if image_url:
        content = [{"type": "image_url", "image_url": {"url": image_url}}, *([{"type": "text", "text": text}] if text else [])]
    messages = [{"role": "system", "content": instruction}, {"role": "user", "content": content}]
    body = {"model": endpoint.model, "messages": messages, "stream": False}
    request = WireRequest(method="POST", path="chat/completions", headers=_headers(endpoint), json=body)
    with _turn_of(owner):
        try:
            return _text_in(_sent(endpoint, request))
        except ChatFailed as failed:
            log.warning("chat endpoint %s (%s): %s", endpoint.pk, endpoint.name, failed)
            raise


def _headers(endpoint: ChatEndpoint) -> dict[str, str]:
    if not endpoint.sealed_key:
        return {}
    try:
        return {"Authorization": f"Bearer {unseal(endpoint.pk, endpoint.sealed_key)['key']}"}
    except SealBroken as broken:
        raise ChatFailed(say("chat_key_unreadable")) from broken


def _sent(endpoint: ChatEndpoint, request: WireRequest) -> WireReply:
    seconds = float(min(max(endpoint.timeout_s, 1), MOST_TIMEOUT_S))
    timeouts = Timeouts(connect_s=min(CONNECT_S, seconds), read_s=seconds, total_s=seconds)
    try:
        return BlockingTransport(base_url=endpoint.base_url, timeouts=timeouts, cut_at=MOST_BYTES + 1).send(request)
    except TransportFailure as failure:
        raise ChatFailed(say("chat_unreachable") + failure.words) from failure


def _text_in(reply: WireReply) -> str:
    """Return the text of the answer. Raise `ChatFailed` for every answer that has none to use."""
    if reply.status in {401, 403}:
        raise ChatFailed(say("chat_key"))
    if not 200 <= reply.status < 300:
        raise ChatFailed(say("chat_status", status=reply.status))
    if len(reply.body) > MOST_BYTES:
        raise ChatFailed(say("chat_too_large"))
    try:
        data = reply.data()
    except UnexpectedReply as error:
        raise ChatFailed(say("chat_unreadable")) from error
    choices = data.get("choices")
    choice = choices[0] if isinstance(choices, list) and choices else None
    if data.get("error") or (isinstance(choice, Mapping) and choice.get("error")):
        raise ChatFailed(say("chat_error"))
    message = choice.get("message") if isinstance(choice, Mapping) else None
    if not isinstance(choice, Mapping) or not isinstance(message, Mapping):
        raise ChatFailed(say("chat_no_text"))
    return _usable(message, choice.get("finish_reason"))


def _usable(message: Mapping[str, Any], finish_reason: object) -> str:
    if message.get("refusal") or finish_reason == "content_filter":
        raise ChatFailed(say("chat_refused"))
    if message.get("tool_calls") or message.get("function_call") or finish_reason in {"tool_calls", "function_call"}:
        raise ChatFailed(say("chat_tool_call"))
    if finish_reason == "length":
        raise ChatFailed(say("chat_cut"))
    text = _plain(_joined(message.get("content")))
    if not text:
        raise ChatFailed(say("chat_no_text"))
    return text


def _joined(content: object) -> str:
    """Return the text of a message, which may come in parts."""
    if isinstance(content, list):
        texts = [part.get("text") for part in content if isinstance(part, Mapping) and part.get("type") == "text"]
        return "".join(text for text in texts if isinstance(text, str))
    return content if isinstance(content, str) else ""


def _plain(text: str) -> str:
    """Remove what models put around the text that was asked for: thinking, a fence of code, a label, quotation marks."""
    text = THOUGHTS.sub("", text).strip()
    if fenced := FENCE.match(text):
        text = fenced[1].strip()
    text = LABEL.sub("", text)
    for first, last in QUOTES:
        inner = text[1:-1]
        if len(text) > 2 and text[0] == first and text[-1] == last and first not in inner and last not in inner:
            text = inner.strip()
    return text


_asked: Counter[int] = Counter()
_lock = Lock()


@contextmanager
def _turn_of(owner: User) -> Iterator[None]:
    """Count this question while it lasts. Raise `ChatFailed` when too many wait."""
    with _lock:
        if _asked.total() >= MOST_ASKED or _asked[owner.pk] >= max(1, MOST_ASKED // 2):
            raise ChatFailed(say("chat_busy"))
        _asked[owner.pk] += 1
    try:
        yield
    finally:
        with _lock:
            _asked[owner.pk] -= 1
            if not _asked[owner.pk]:
                del _asked[owner.pk]
