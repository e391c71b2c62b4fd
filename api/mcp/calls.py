"""A call of a tool as a request to API v1: the same checks of its token, the same operations, the same refusals."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager
from dataclasses import dataclass
from functools import partial
from typing import Any, TypeVar

from django.conf import settings
from django.contrib.auth.models import User
from django.db import connection
from django.http import HttpRequest
from django.utils import translation
from ninja.errors import AuthenticationError, ValidationError
from pydantic import BaseModel
from pydantic import ValidationError as Invalid

from access.callers import Caller
from access.preferences import chosen_language
from access.scopes import Scope
from api.auth import BearerToken, working_token
from api.strict_json import read_strictly
from api.v1.urls import api

__all__ = ["Refused", "Sender", "ToolCall", "check_token", "in_thread", "read_as"]

THREADS = 4
"""How many calls use the database at once, each with its own connection. Calls that wait for a render use none."""

Answer = TypeVar("Answer")
Body = TypeVar("Body", bound=BaseModel)
_threads = ThreadPoolExecutor(THREADS, thread_name_prefix="mcp")


class Refused(Exception):
    """The portal refuses a call or cannot answer it. `str()` says why and what to do; `code` and `status` are those of API v1."""

    def __init__(self, message: str, code: str, status: int) -> None:
        super().__init__(f"{message} ({code})")
        self.code, self.status = code, status


@dataclass(frozen=True, kw_only=True)
class Sender:
    """Who sends calls: a token and the IP address that it comes from, or the user that an operator named on this machine. `language` is an
    Accept-Language header; without one the answers are in the language that the user chose for the pages.
    """

    token: str = ""
    user_id: int | None = None
    ip: str = ""
    language: str = ""


class ToolCall:
    """One call of a tool. Creating it checks the sender's token, which counts for the token's rate; raises `Refused`."""

    def __init__(self, sender: Sender, tool: str, scope: Scope) -> None:
        self.request = _request(sender, tool)
        self.caller: Caller = _answered(self.request, _caller, self.request, sender, scope)
        self.request.auth = self.caller  # type: ignore[attr-defined]

    def in_its_language(self) -> AbstractContextManager[None]:
        """Return a block in which texts are in the sender's language."""
        return _in_language_of(self.request)

    def ask(self, operation: Callable[..., Answer], **values: Any) -> Answer:
        """Return what an operation of API v1 answers. Raises `Refused`."""
        return _answered(self.request, operation, self.request, **values)

    def token_ended(self) -> Refused:
        """Return the refusal of a call whose token ended while it waited."""
        with self.in_its_language():
            return _refusal(self.request, AuthenticationError())


def check_token(sender: Sender) -> None:
    """Raise `Refused` unless the sender's token works, from its address. This does not count for the token's rate."""
    request = _request(sender, "")
    if _answered(request, working_token, sender.token, ip=sender.ip) is None:
        with _in_language_of(request):
            raise _refusal(request, AuthenticationError())


def _request(sender: Sender, tool: str) -> HttpRequest:
    """Return what the operations read of a request. Without PORTAL_PUBLIC_URL, links lead to the web process of this machine."""
    request = HttpRequest()
    request.method, request.path = "POST", f"/mcp/{tool}"
    request.META |= {"REMOTE_ADDR": sender.ip, "HTTP_HOST": f"127.0.0.1:{settings.WEB_BIND.rpartition(':')[2]}"}
    request.META["HTTP_ACCEPT_LANGUAGE"] = sender.language
    return request


def _in_language_of(request: HttpRequest) -> AbstractContextManager[None]:
    return translation.override(translation.get_language_from_request(request))


def _caller(request: HttpRequest, sender: Sender, scope: Scope) -> Caller:
    if sender.user_id is not None:
        user = User.objects.filter(pk=sender.user_id, is_active=True).first()
        found = Caller(user=user) if user else None
    else:
        found = BearerToken(scope).authenticate(request, sender.token)
    if found is None:
        raise AuthenticationError
    if sender.language in {"", "*"}:  # some clients send the star to everybody
        request.META["HTTP_ACCEPT_LANGUAGE"] = chosen_language(found.user)
    return found


def _answered(request: HttpRequest, work: Callable[..., Answer], *args: Any, **values: Any) -> Answer:
    """Return what `work` returns, in the sender's language. Every exception becomes the refusal that API v1 would answer."""
    with _in_language_of(request):
        try:
            return work(*args, **values)
        except Exception as error:
            raise _refusal(request, error) from error


def _refusal(request: HttpRequest, error: Exception) -> Refused:
    answer = api.on_exception(request, error)
    said = json.loads(answer.content)["error"]
    fields = [f"{name}: {words}" for name, words in said["fields"].items()]
    return Refused(" ".join([said["message"], *fields]), said["code"], answer.status_code)


def read_as(kind: type[Body], **values: Any) -> Body:
    """Return the arguments of a tool as the body of an operation, read as strictly as one. Raises as ninja does."""
    try:
        return kind.model_validate(read_strictly(json.dumps(values).encode()))
    except Invalid as error:
        raise ValidationError([{**item, "loc": ("body", *item["loc"])} for item in error.errors()]) from error


async def in_thread(work: Callable[..., Answer], *args: Any, **values: Any) -> Answer:
    """Run code that uses the database in one of a few threads. Its connection is closed afterwards, because the process mostly waits."""
    return await asyncio.get_running_loop().run_in_executor(_threads, _run, partial(work, *args, **values))


def _run(work: Callable[[], Answer]) -> Answer:
    try:
        return work()
    finally:
        connection.close()
