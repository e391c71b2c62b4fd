"""The tools that language models call. Each calls operations of API v1 with the rights of a token or of the operator's user."""

from __future__ import annotations

import time
from collections.abc import Callable
from inspect import signature
from typing import Annotated, Any, TypeVar, cast
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from mcp.server.mcpserver import Context, MCPServer
from mcp.server.mcpserver.exceptions import ToolError
from mcp_types import CallToolResult, ToolAnnotations
from pydantic import Field
from starlette.requests import Request

from access.scopes import Scope
from api.mcp.answers import (
    ModelsAnswer,
    TaskAnswer,
    VideosAnswer,
    doing,
    model_answer,
    result_of,
    task_answer,
    video_answer,
)
from api.mcp.calls import Refused, Sender, ToolCall, in_thread, read_as
from api.mcp.watcher import Look, Watcher
from api.v1 import models, tasks, videos
from api.v1.assets import AssetUrlIn
from api.v1.schemas import TaskIn
from generation.errors import InvalidRequest
from generation.lifecycle import RESTING
from generation.models import GenerationTask
from generation.ordering.aliases import meant_by
from generation.ordering.assets import MOST_IMAGES, fetch_asset

__all__ = ["INSTRUCTIONS", "ORDER_FIELDS", "Tools", "look", "sender_of", "stop"]

INSTRUCTIONS = """\
Makes videos with generative models of many vendors. Renders take minutes, and most cost money.
1. list_models says what can be ordered; with `model`, the params of one model.
2. create_video orders one video and answers at once. Never order again because a render takes long: it is charged again.
3. wait_video waits for it, at most timeout_seconds; call it again until the task has ended.
4. The `url` of a finished video plays anywhere without a sign-in.
search_videos finds videos that exist already, which costs nothing."""
LONGEST_WAIT_S = 600
Answer = TypeVar("Answer")
Id = Annotated[UUID, Field(description="The task_id that create_video gave.")]


class Tools:
    """The tools of one server. `sender`: who sends all calls, where a client started this process; over HTTP each request names its own."""

    def __init__(self, watcher: Watcher, sender: Sender | None = None) -> None:
        self.watcher, self.sender = watcher, sender

    def register(self, server: MCPServer[Any]) -> None:
        """Offer the tools to the server's clients."""
        reads = ToolAnnotations(read_only_hint=True, open_world_hint=False)
        server.tool(title="List models", annotations=reads)(self.list_models)
        orders = ToolAnnotations(read_only_hint=False, destructive_hint=False, idempotent_hint=False, open_world_hint=True)
        server.tool(title="Order a video", annotations=orders)(self.create_video)
        server.tool(title="Wait for a video", annotations=reads)(self.wait_video)
        server.tool(title="Cancel a video", annotations=ToolAnnotations(read_only_hint=False, destructive_hint=True))(self.cancel_video)
        server.tool(title="Search videos", annotations=reads)(self.search_videos)

    async def call(self, request: Any, tool: str, scope: Scope) -> ToolCall:
        """Return the call of a tool after its sender is checked. Raises `Refused`."""
        return await in_thread(ToolCall, self.sender or sender_of(request), tool, scope)

    async def ask(self, request: Any, tool: str, scope: Scope, operation: Callable[..., Answer], **values: Any) -> Answer:
        """Return what the operation answers the sender of this call. Raises `Refused`."""
        call = await self.call(request, tool, scope)
        return await in_thread(call.ask, operation, **values)

    async def list_models(
        self,
        context: Context[Any, Any],
        search: Annotated[str, Field(description="Only models with this in their name, label or vendor.")] = "",
        model: Annotated[str, Field(description="The name of one model: answers with the JSON Schema of its params.")] = "",
    ) -> ModelsAnswer:
        """List the models that can be ordered now, with prices and the images that they take."""
        return await self._asked(context, "list_models", Scope.READ, _listed, search=search, model=model)

    async def create_video(
        self,
        context: Context[Any, Any],
        model: Annotated[str, Field(description="A name that list_models gives: vendor/model.")],
        prompt: Annotated[str, Field(description="What the video should show.")] = "",
        params: Annotated[dict[str, Any] | None, Field(description="Settings of the model, as list_models describes them.")] = None,
        images: Annotated[
            dict[str, list[str]] | None, Field(description="By slot: https addresses of images, or ids of images stored in the portal.")
        ] = None,
        idempotency_key: Annotated[
            str,
            Field(
                max_length=255,
                pattern=r"^[^\x00]*$",
                description="Any text of yours for this one video. Sent again with the same key, nothing is ordered twice.",
            ),
        ] = "",
    ) -> Annotated[CallToolResult, TaskAnswer]:
        """Order one video. Answers at once with its task; the render takes minutes and is charged. Then call wait_video."""
        order = {"model": model, "prompt": prompt, "params": params or {}, "images": images or {}, "key": idempotency_key}
        return result_of(await self._asked(context, "create_video", Scope.GENERATE, _order, **order))

    async def wait_video(
        self,
        context: Context[Any, Any],
        task_id: Id,
        timeout_seconds: Annotated[
            float,
            Field(
                ge=0,
                le=LONGEST_WAIT_S,
                allow_inf_nan=False,  # NaN passes both bounds, and a deadline of NaN ends the event loop
                description="How long to wait at most. Many clients give up after 60; 0 does not wait.",
            ),
        ] = 50,
    ) -> Annotated[CallToolResult, TaskAnswer]:
        """Wait until the video is ready, with notices of progress, and answer how its task is then."""
        try:
            call = await self.call(context.request_context.request, "wait_video", Scope.READ)
            task = await in_thread(call.ask, look, task_id=task_id)
            if task.status not in RESTING and timeout_seconds:
                began, token = time.monotonic(), call.caller.token

                async def notify(seen: Look) -> None:
                    with call.in_its_language():
                        words = doing(seen.status, seen.progress)
                    await context.report_progress(time.monotonic() - began, timeout_seconds, words)

                if not await self.watcher.wait(task_id, token.pk if token else None, timeout_seconds, notify):
                    raise call.token_ended()
                task = await in_thread(call.ask, look, task_id=task_id)
        except Refused as refused:
            raise ToolError(str(refused)) from refused
        return result_of(task)

    async def cancel_video(self, context: Context[Any, Any], task_id: Id) -> Annotated[CallToolResult, TaskAnswer]:
        """Stop a task: at once while it waits, later only where the vendor can. What was rendered is charged."""
        return result_of(await self._asked(context, "cancel_video", Scope.GENERATE, stop, task_id=task_id))

    async def search_videos(
        self,
        context: Context[Any, Any],
        query: Annotated[str, Field(description="Words of the prompt or the title; empty: all, newest first.")] = "",
        model: Annotated[str, Field(description="Only videos of this model.")] = "",
        limit: Annotated[int, Field(ge=1, le=50)] = 10,
        cursor: Annotated[UUID | None, Field(description="next_cursor of the page before.")] = None,
    ) -> VideosAnswer:
        """Find finished videos that the caller may see, newest first. A new video is found about a second after it is done."""
        wanted = {"q": query, "model": model, "limit": limit, "cursor": str(cursor) if cursor else None}
        return await self._asked(context, "search_videos", Scope.READ, _found, **wanted)

    async def _asked(self, context: Context[Any, Any], tool: str, scope: Scope, operation: Callable[..., Answer], **values: Any) -> Answer:
        """Return what the operation answers the sender of this call. Raises `ToolError`, which the model reads."""
        try:
            return await self.ask(context.request_context.request, tool, scope, operation, **values)
        except Refused as refused:
            raise ToolError(str(refused)) from refused


ORDER_FIELDS = [name for name in signature(Tools.create_video).parameters if name not in {"self", "context"}]


def sender_of(request: Request) -> Sender:
    """Return who sent an HTTP request: its Bearer token, its address and its language."""
    kind, _space, token = request.headers.get("authorization", "").partition(" ")
    ip = request.client.host if request.client else ""
    language = request.headers.get("accept-language", "")
    return Sender(token=token.strip() if kind.lower() == "bearer" else "", ip=ip, language=language)


def look(request: HttpRequest, *, task_id: UUID) -> TaskAnswer:
    """Return how a task is."""
    return task_answer(tasks.get_task(request, task_id))


def stop(request: HttpRequest, *, task_id: UUID) -> TaskAnswer:
    """Cancel a task, and return how it is then."""
    return task_answer(tasks.cancel_task(request, task_id))


def _listed(request: HttpRequest, *, search: str, model: str) -> ModelsAnswer:
    words, name = search.casefold(), meant_by(model)
    shown = [one for one in models.list_models(request) if (one.name == name if name else one.available)]
    shown = [one for one in shown if words in f"{one.name} {one.label} {one.vendor}".casefold()]
    if not shown:
        message = _("No such model can be ordered. Call list_models without arguments to see all.")
    else:
        message = ngettext("%(count)d model.", "%(count)d models.", len(shown)) % {"count": len(shown)}
    return ModelsAnswer(models=[model_answer(one, in_full=bool(name)) for one in shown], message=message)


def _order(request: HttpRequest, *, model: str, prompt: str, params: dict[str, Any], images: dict[str, list[str]], key: str) -> TaskAnswer:
    """Order a video. Images that are given by their addresses are fetched first."""
    if sum(map(len, images.values())) > MOST_IMAGES:
        raise InvalidRequest(_("Send at most %(most)d images.") % {"most": MOST_IMAGES})
    inputs = {slot: [str(_image(request, one)) for one in many] for slot, many in images.items()}
    body = read_as(TaskIn, model=model, prompt=prompt, params=params, inputs=inputs)
    return task_answer(tasks.post_task(request, HttpResponse(), body, key, "").value)


def _image(request: HttpRequest, given: str) -> UUID:
    """Return the id of an image that is given by its id or its address."""
    try:
        return UUID(given)
    except ValueError:
        return fetch_asset(owner=cast("Any", request).auth.user, url=read_as(AssetUrlIn, url=given).url).pk


def _found(request: HttpRequest, **wanted: Any) -> VideosAnswer:
    page = videos.list_videos(request, read_as(videos.VideoFilter, **wanted))
    rows = GenerationTask.objects.filter(pk__in={video.task for video in page.items})
    prompts = dict(rows.values_list("pk", "prompt__text"))
    return VideosAnswer(videos=[video_answer(video, prompts[video.task]) for video in page.items], next_cursor=page.next_cursor)
