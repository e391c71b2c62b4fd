"""The Tasks extension (io.modelcontextprotocol/tasks, SEP-2663, read 2026-11-29): a client that declares it gets a task from create_video
and polls that, instead of calling wait_video. The MCP task is the portal's own task, with the same id: nothing more is stored.

https://github.com/modelcontextprotocol/ext-tasks, specification/draft/tasks.md
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import suppress
from http import HTTPStatus
from typing import Any
from uuid import UUID

from mcp.server.context import CallNext, HandlerResult, ServerRequestContext
from mcp.server.extension import Extension, MethodBinding
from mcp.server.mcpserver.server import require_client_extension
from mcp.shared.exceptions import MCPError
from mcp_types import INVALID_PARAMS, INVALID_REQUEST, CallToolRequestParams, CallToolResult, RequestParams, TextContent
from mcp_types.version import MODERN_PROTOCOL_VERSIONS
from pydantic import Field

from access.scopes import Scope
from api.mcp.answers import TaskAnswer, result_of
from api.mcp.calls import Refused
from api.mcp.tools import ORDER_FIELDS, Tools, look, stop
from generation.lifecycle import Status

__all__ = ["VideoTasks"]

POLL_EVERY_MS = 3_000
POLL_REVIEW_MS = 60_000
VERSIONS = frozenset(MODERN_PROTOCOL_VERSIONS)

Context = ServerRequestContext[Any, Any]


class CannotStop(MCPError):
    """The task has ended, or its vendor cannot stop it."""


class TaskParams(RequestParams):
    task_id: UUID = Field(alias="taskId")


class VideoTasks(Extension):
    """Answers create_video with an MCP task if the client understands those."""

    identifier = "io.modelcontextprotocol/tasks"

    def __init__(self, tools: Tools) -> None:
        self.portal_tools = tools

    def methods(self) -> Sequence[MethodBinding]:
        served = {"tasks/get": self.get, "tasks/update": self.update, "tasks/cancel": self.cancel}
        return [MethodBinding(name, TaskParams, handler, VERSIONS) for name, handler in served.items()]

    async def intercept_tool_call(self, params: CallToolRequestParams, ctx: Context, call_next: CallNext) -> HandlerResult:
        """Order as always, and answer with the stored task. Every client gets a refusal as the result of the tool. Arguments that the
        package would ignore are refused: a misspelt one costs money.
        """
        if params.name == "create_video" and (unknown := [name for name in params.arguments or {} if name not in ORDER_FIELDS]):
            names = {"unknown": ", ".join(unknown)[:200], "known": ", ".join(ORDER_FIELDS)}
            words = f"Nothing was ordered: there is no argument {names['unknown']}. Use {names['known']}."
            return CallToolResult(content=[TextContent(type="text", text=words)], is_error=True)
        result = await call_next(ctx)
        understands = ctx.protocol_version in VERSIONS and self.identifier in _extensions(ctx)
        if params.name != "create_video" or not understands or not isinstance(result, CallToolResult) or not result.structured_content:
            return result
        return _state(TaskAnswer.model_validate(result.structured_content)) | {"resultType": "task"}

    async def get(self, ctx: Context, params: TaskParams) -> dict[str, Any]:
        """Answer with the task; when it has ended, also with the result that the tool would return now."""
        task = await self._task(ctx, params.task_id)
        if task.status in {Status.SUCCEEDED, Status.FAILED}:
            return _state(task) | {"result": result_of(task).model_dump(mode="json", by_alias=True, exclude_none=True)}
        return _state(task)

    async def update(self, ctx: Context, params: TaskParams) -> dict[str, Any]:
        """Acknowledge answers to questions. The portal asks none."""
        await self._task(ctx, params.task_id)
        return {}

    async def cancel(self, ctx: Context, params: TaskParams) -> dict[str, Any]:
        """Request that the task be stopped. If that is not possible it goes on, and `tasks/get` shows how it ends."""
        with suppress(CannotStop):
            await self._asked(ctx, "tasks/cancel", Scope.GENERATE, stop, params.task_id)
        return {}

    async def _task(self, ctx: Context, task_id: UUID) -> TaskAnswer:
        return await self._asked(ctx, "tasks/get", Scope.READ, look, task_id)

    async def _asked(self, ctx: Context, method: str, scope: Scope, operation: Callable[..., TaskAnswer], task_id: UUID) -> TaskAnswer:
        require_client_extension(ctx, self.identifier)
        try:
            return await self.portal_tools.ask(ctx.request, method, scope, operation, task_id=task_id)
        except Refused as refused:
            code = INVALID_PARAMS if refused.status == HTTPStatus.NOT_FOUND else INVALID_REQUEST
            kind = CannotStop if refused.status == HTTPStatus.CONFLICT else MCPError
            raise kind(code=code, message=str(refused)) from refused


def _extensions(ctx: Context) -> dict[str, Any]:
    capabilities = ctx.session.client_capabilities
    return (capabilities and capabilities.extensions) or {}


def _state(task: TaskAnswer) -> dict[str, Any]:
    """Return the portal's task in the extension's words. A task in review is `working`, because it may still succeed."""
    ended = {Status.SUCCEEDED: "completed", Status.FAILED: "completed", Status.CANCELLED: "cancelled"}
    return {
        "taskId": str(task.task_id),
        "status": ended.get(task.status, "working"),
        "statusMessage": task.message,
        "createdAt": task.created_at.isoformat(),
        "lastUpdatedAt": task.updated_at.isoformat(),
        "ttlMs": None,
        "pollIntervalMs": POLL_REVIEW_MS if task.status is Status.NEEDS_REVIEW else POLL_EVERY_MS,
    }
