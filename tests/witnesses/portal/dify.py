"""Dify's own graph engine (the package graphon) runs the two flows of docs/integrations/dify, unmodified, against the portal.

Its nodes for requests, code, branches, loops and answers are its own. Two things are not there: the language model, whose node gives its
default as it does when no model is configured, and Dify's sandbox, so code nodes run in this process.
"""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path
from threading import Thread
from typing import Any

import httpx
import yaml
from graphon.entities.graph_init_params import GraphInitParams
from graphon.enums import BuiltinNodeTypes
from graphon.graph import Graph
from graphon.graph_engine import GraphEngine
from graphon.graph_engine.command_channels import InMemoryChannel
from graphon.graph_events import GraphRunSucceededEvent, NodeRunSucceededEvent
from graphon.nodes.answer.answer_node import AnswerNode
from graphon.nodes.code.code_node import CodeNode
from graphon.nodes.code.limits import CodeNodeLimits
from graphon.nodes.http_request.config import build_http_request_config
from graphon.nodes.http_request.node import HttpRequestNode
from graphon.nodes.if_else.if_else_node import IfElseNode
from graphon.nodes.llm.entities import LLMNodeData
from graphon.nodes.loop.loop_end_node import LoopEndNode
from graphon.nodes.loop.loop_node import LoopNode
from graphon.nodes.loop.loop_start_node import LoopStartNode
from graphon.nodes.start.start_node import StartNode
from graphon.nodes.variable_assigner.v2.node import VariableAssignerNode
from graphon.runtime import GraphRuntimeState, VariablePool

FLOWS = Path(__file__).parents[3] / "docs" / "integrations" / "dify"
ANSWERED_WITHIN_S = 60
RUNS = 3
"""On a busy machine a render may take longer than the answer is held. The same request again is the same order."""
PLAIN = {
    BuiltinNodeTypes.START: StartNode,
    BuiltinNodeTypes.IF_ELSE: IfElseNode,
    BuiltinNodeTypes.ANSWER: AnswerNode,
    BuiltinNodeTypes.LOOP: LoopNode,
    BuiltinNodeTypes.LOOP_START: LoopStartNode,
    BuiltinNodeTypes.LOOP_END: LoopEndNode,
    BuiltinNodeTypes.VARIABLE_ASSIGNER: VariableAssignerNode,
}
LIMITS = CodeNodeLimits(
    max_string_length=400_000,
    max_number=2**63 - 1,
    min_number=-(2**63),
    max_precision=20,
    max_depth=5,
    max_number_array_length=1_000,
    max_string_array_length=30,
    max_object_array_length=30,
)


class Here:
    """Runs a code node's Python in this process."""

    def execute(self, *, language: str, code: str, inputs: dict[str, Any]) -> dict[str, Any]:
        assert language == "python3"
        names: dict[str, Any] = {}
        exec(code, names)  # noqa: S102 - a file of this tree, as Dify runs it
        return dict(names["main"](**inputs))

    def is_execution_error(self, error: Exception) -> bool:
        return isinstance(error, Exception)


class Client(httpx.Client):
    """httpx, under the names that the engine calls."""

    max_retries_exceeded_error = request_error = httpx.HTTPError

    def request(self, method: str, url: Any, *, max_retries: int = 0, ssl_verify: bool = True, **facts: Any) -> httpx.Response:  # noqa: ARG002
        facts.pop("ssl_verify", None)
        return super().request(method, url, **facts)

    def get(self, url: Any, **facts: Any) -> httpx.Response:
        return self.request("GET", url, **facts)

    def post(self, url: Any, **facts: Any) -> httpx.Response:
        return self.request("POST", url, **facts)


class Factory:
    """Makes the engine's nodes for one run."""

    def __init__(self, params: GraphInitParams, state: GraphRuntimeState, client: Client) -> None:
        self.params, self.state, self.client = params, state, client

    def create_node(self, config: Any) -> Any:
        data, shared = config["data"], {"graph_init_params": self.params, "graph_runtime_state": self.state}
        kind = data.type
        if kind == BuiltinNodeTypes.LLM:
            LLMNodeData.model_validate(data.model_dump())
            config = {**config, "data": _without_a_model(data)}
            return CodeNode(id=config["id"], config=config, code_executor=Here(), code_limits=LIMITS, **shared)
        if kind == BuiltinNodeTypes.CODE:
            return CodeNode(id=config["id"], config=config, code_executor=Here(), code_limits=LIMITS, **shared)
        if kind == BuiltinNodeTypes.HTTP_REQUEST:
            no_files: Any = None
            return HttpRequestNode(
                id=config["id"],
                config=config,
                http_request_config=build_http_request_config(),
                http_client=self.client,
                tool_file_manager_factory=lambda: no_files,
                file_manager=no_files,
                file_reference_factory=no_files,
                **shared,
            )
        return PLAIN[kind](id=config["id"], config=config, **shared)


def _without_a_model(data: Any) -> Any:
    """Return a code node that gives the model's default."""
    [default] = data.default_value
    code = f"def main():\n    return {{{default.key!r}: {default.value!r}}}\n"
    outputs = {default.key: {"type": "string", "children": None}}
    kept = {"title": data.title, "type": "code", "code_language": "python3", "variables": [], "code": code, "outputs": outputs}
    return type(data).model_validate(kept)


class Children:
    """Makes the engines of a loop's rounds."""

    def __init__(self, client: Client) -> None:
        self.client = client

    def build_child_engine(
        self, *, graph_init_params: Any, parent_graph_runtime_state: Any, root_node_id: str, **facts: Any
    ) -> GraphEngine:
        pool = facts.get("variable_pool") or parent_graph_runtime_state.variable_pool
        state = GraphRuntimeState(variable_pool=pool, start_at=time.perf_counter())
        return _engine(graph_init_params, state, self.client, root_node_id)


def _engine(params: GraphInitParams, state: GraphRuntimeState, client: Client, root: str) -> GraphEngine:
    graph = Graph.init(graph_config=params.graph_config, node_factory=Factory(params, state, client), root_node_id=root)
    return GraphEngine(
        workflow_id=params.workflow_id,
        graph=graph,
        graph_runtime_state=state,
        command_channel=InMemoryChannel(),
        child_engine_builder=Children(client),
    )


def run(flow: str, env: dict[str, str], **fields: Any) -> tuple[str, dict[str, Any]]:
    """Run a flow. Return its answer, and the outputs of its nodes."""
    workflow = yaml.safe_load((FLOWS / flow).read_text(encoding="utf-8"))["workflow"]
    pool = VariablePool()
    for variable in workflow["environment_variables"]:
        pool.add(["env", variable["name"]], env.get(variable["name"], variable["value"]))
    for name, value in fields.items():
        pool.add(["start", name], value)
    params = GraphInitParams(workflow_id="witness", graph_config=workflow["graph"], run_context={}, call_depth=0)
    with Client(trust_env=False) as client:
        engine = _engine(params, GraphRuntimeState(variable_pool=pool, start_at=time.perf_counter()), client, "start")
        events = list(engine.run())
    assert isinstance(events[-1], GraphRunSucceededEvent) or "Succeeded" in type(events[-1]).__name__, events[-1]
    done = {event.node_id: event.node_run_result.outputs for event in events if isinstance(event, NodeRunSucceededEvent)}
    return str(events[-1].outputs["answer"]), done


def makes_a_video(url: str, token: str, flow: str) -> None:
    prompt = f'a "red" fox\nwith \\ in {flow}'
    env = {"portal_url": url, "portal_token": token, "notice_url": "http://127.0.0.1:9/"}
    for _run in range(RUNS):
        answer, done = run(flow, env, prompt=prompt, ratio="9:16", seconds=5, fps=24)
        assert json.loads(done["body"]["body"]) == {"prompt": prompt, "aspect_ratio": "9:16", "duration_ms": 5000, "fps": 24}
        if "video" in done:
            break
        assert answer.startswith("No video (202): processing"), answer
    video_url = done["video"]["video_url"]
    assert f"<video controls><source src='{video_url}' type='video/mp4'>" in answer, answer
    reply = httpx.get(video_url, headers={"Range": "bytes=0-11"}, trust_env=False)  # as a player asks, without a token
    assert (reply.status_code, reply.headers["content-type"], reply.content[4:8]) == (206, "video/mp4", b"ftyp"), reply


def reports_a_failure(url: str, token: str, flow: str) -> None:
    for env, prompt, words in (
        ({"portal_token": "vp_wrong"}, "a fox", "No video (403): Invalid or Expired Token"),
        ({"portal_token": token}, f"a boat #fault:refuse {flow}", "No video ("),
    ):
        answer, done = run(flow, {"portal_url": url, "notice_url": "http://127.0.0.1:9/", **env}, prompt=prompt, ratio="16:9", seconds=5)
        assert answer.startswith(words), answer
        assert "video" not in done
        assert prompt in json.loads(done["log"]["entry"])["text"]


def main(url: str, token: str, *_others: str) -> None:
    failures: list[BaseException] = []

    def safely(flow: str) -> None:
        try:
            makes_a_video(url, token, flow)
            reports_a_failure(url, token, flow)
        except BaseException as error:
            failures.append(error)

    threads = [Thread(target=safely, args=(flow,)) for flow in ("video.yml", "long-video.yml")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(2 * ANSWERED_WITHIN_S)
    for failure in failures:
        raise failure


if __name__ == "__main__":
    main(*sys.argv[1:])
