"""The Tasks extension: a client that declares it gets a task from create_video, and finds its result with tasks/get."""

from __future__ import annotations

from typing import Any, Literal

import pytest
from mcp.client import advertise
from mcp.shared.exceptions import MCPError
from mcp_types import CallToolResult, Request, RequestParams, Result
from pydantic import ConfigDict, Field

from generation.lifecycle import Status
from generation.models import GenerationTask
from tests.api.mcp.talking import sender_for, talk
from tests.task_rows import make_task

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.postgresql]

TASKS = "io.modelcontextprotocol/tasks"
ORDER = {"model": "kling/kling-v2-6", "prompt": "a fox"}
UNKNOWN = "0199aaaa-0000-7000-8000-000000000000"


class OfTask(RequestParams):
    task_id: str = Field(serialization_alias="taskId")


class TaskRequest(Request[OfTask, str]):
    name_param = "taskId"


class Anything(Result):
    model_config = ConfigDict(extra="allow")


class CreatedTask(Anything):
    result_type: Literal["task"] = Field(alias="resultType")


async def ask(client, method: str, task_id: Any) -> dict[str, Any]:
    request = TaskRequest(method=method, params=OfTask(task_id=str(task_id)))
    return (await client.session.send_request(request, Anything)).model_dump(by_alias=True)


async def code_of(answer) -> int:
    try:
        await answer
    except MCPError as error:
        return error.code
    return 0


def with_tasks(sender, conversation):
    return talk(sender, conversation, extensions=[advertise(TASKS)])


def test_a_client_that_declares_tasks_gets_one_and_polls_it(user, idle_account):
    async def conversation(client):
        raw = await client.session.send_request(
            Request[dict[str, Any], str](method="tools/call", params={"name": "create_video", "arguments": ORDER}), Anything
        )
        return raw.model_dump(by_alias=True)

    created = with_tasks(sender_for(user), conversation)
    task = GenerationTask.objects.get()

    assert (created["resultType"], created["taskId"], created["status"], created["ttlMs"]) == ("task", str(task.pk), "working", None)
    assert {"createdAt", "lastUpdatedAt", "pollIntervalMs", "statusMessage"} <= set(created)


def test_a_refused_order_is_a_result_for_these_clients_too(user, idle_account):
    async def conversation(client):
        return await client.call_tool("create_video", ORDER | {"model": "nobody/has-it"})

    assert with_tasks(sender_for(user), conversation).is_error


def test_others_get_a_plain_result(user, idle_account):
    async def conversation(client):
        return await client.call_tool("create_video", ORDER)

    assert isinstance(talk(sender_for(user), conversation), CallToolResult)
    assert isinstance(talk(sender_for(user), conversation, mode="legacy"), CallToolResult)


def test_each_state_of_a_task_has_its_word(user):
    rows = {status: make_task(user, status=status, error_code=code) for status, code in STATES.items()}

    async def conversation(client):
        return {status: await ask(client, "tasks/get", task.pk) for status, task in rows.items()}

    answers = with_tasks(sender_for(user), conversation)

    assert {status: answer["status"] for status, answer in answers.items()} == {
        **dict.fromkeys(STATES, "working"),
        Status.SUCCEEDED: "completed",
        Status.FAILED: "completed",
        Status.CANCELLED: "cancelled",
    }
    assert answers[Status.FAILED]["result"]["isError"] is True
    assert "result" not in answers[Status.NEEDS_REVIEW]
    assert {answer["resultType"] for answer in answers.values()} == {"complete"}


STATES = dict.fromkeys(Status, "") | {Status.FAILED: "deadline", Status.NEEDS_REVIEW: "deadline"}


def test_a_task_is_cancelled_where_that_is_possible_and_acknowledged_always(user, idle_account):
    waiting = make_task(user, account=idle_account)
    done = make_task(user, status=Status.SUCCEEDED)

    async def conversation(client):
        return [await ask(client, method, task.pk) for task in (waiting, done) for method in ("tasks/cancel", "tasks/update")]

    answers = with_tasks(sender_for(user), conversation)

    assert [answer["resultType"] for answer in answers] == ["complete"] * 4
    waiting.refresh_from_db()
    assert waiting.status == Status.CANCELLED


def test_refusals_have_the_extensions_codes(user, other_user):
    others = make_task(other_user)

    async def declared(client):
        asked = [(method, pk) for method in ("tasks/get", "tasks/update", "tasks/cancel") for pk in (UNKNOWN, others.pk, "no-id")]
        return {await code_of(ask(client, *one)) for one in asked}, await code_of(ask(client, "tasks/list", others.pk))

    async def undeclared(client):
        return await code_of(ask(client, "tasks/get", others.pk))

    assert with_tasks(sender_for(user), declared) == ({-32602}, -32601)
    assert talk(sender_for(user), undeclared) == -32021
    assert talk(sender_for(user), undeclared, mode="legacy") == -32601
