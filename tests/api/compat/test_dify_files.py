"""The Dify flows and the document for tools in docs/integrations: whole, and their code nodes run. Dify's own engine runs the flows in
`make witnesses`.
"""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from api.compat.urls import DIALECTS
from generation.models import GenerationTask
from tests.cases import in_one_test

FLOWS = sorted((Path(__file__).parents[3] / "docs/integrations/dify").glob("*.yml"))
VARIABLE = re.compile(r"{{#([\w.]+)#}}")
FROM_ENGINE = {"http-request": {"status_code", "body", "headers"}, "llm": {"text"}}

each_flow = in_one_test("flow", FLOWS)


def read(flow: Path) -> dict[str, Any]:
    return yaml.safe_load(flow.read_text(encoding="utf-8"))["workflow"]


def outputs_of(data: dict[str, Any]) -> set[str]:
    """Return the names of the variables that a node gives to others."""
    own = {
        "start": [one["variable"] for one in data.get("variables", [])],
        "code": list(data.get("outputs", [])),
        "loop": [one["label"] for one in data.get("loop_variables", [])],
    }
    return set(own.get(data["type"], FROM_ENGINE.get(data["type"], ())))


def code_of(flow: Path, node: str) -> Any:
    """Return the function of a code node."""
    data = next(one["data"] for one in read(flow)["graph"]["nodes"] if one["id"] == node)
    names: dict[str, Any] = {}
    exec(data["code"], names)  # noqa: S102 - a file of this tree, as Dify runs it
    assert {one["variable"] for one in data["variables"]} == set(names["main"].__code__.co_varnames[: names["main"].__code__.co_argcount])
    return names["main"]


def test_there_are_two_flows():
    assert [flow.name for flow in FLOWS] == ["long-video.yml", "video.yml"]


@each_flow
def test_every_edge_and_every_variable_leads_somewhere(flow):
    workflow = read(flow)
    nodes = {node["id"]: node["data"] for node in workflow["graph"]["nodes"]}
    known = {(name, output) for name, data in nodes.items() for output in outputs_of(data)}
    known |= {("env", variable["name"]) for variable in workflow["environment_variables"]}
    used = {tuple(found.split(".")) for found in VARIABLE.findall(json.dumps(workflow))}
    used |= {tuple(one["value_selector"]) for data in nodes.values() if data["type"] == "code" for one in data["variables"]}
    edges = workflow["graph"]["edges"]

    assert used <= known
    assert {edge[end] for edge in edges for end in ("source", "target")} == nodes.keys()
    assert all(edge["data"]["sourceType"] == nodes[edge["source"]]["type"] for edge in edges)
    assert all(edge["data"]["targetType"] == nodes[edge["target"]]["type"] for edge in edges)
    assert len({edge["id"] for edge in edges}) == len(edges)


@each_flow
def test_the_code_nodes_survive_what_people_and_servers_send(flow):
    body = code_of(flow, "body")(prompt='a "fox"\n', expanded=None, ratio="", seconds="2.5", fps=None)["body"]
    log = code_of(flow, "log")
    others = {"last": None} if flow.name == "long-video.yml" else {}

    assert json.loads(body) == {"prompt": 'a "fox"\n', "aspect_ratio": "16:9", "duration_ms": 2500, "fps": 24}
    for answer in (None, "", "<html>", "{}", '{"detail": [{"msg": "no"}]}', '{"status": "processing", "status_url": "http://p/1"}'):
        told = log(status_code=None, body=answer, prompt="a fox", **others)
        assert told["text"].startswith("No video (0): ")
        assert "a fox" in json.loads(told["entry"])["text"]


@each_flow
def test_a_video_of_the_portal_plays_in_the_tutorials_code_node(flow):
    made = code_of(flow, "video")(arg1='{"video_url": "https://portal.example/v/x/video.mp4", "task_id": "1"}')

    assert made["video_url"] == "https://portal.example/v/x/video.mp4"
    assert f"<source src='{made['video_url']}' type='video/mp4'>" in made["result"]


@pytest.fixture
def document(client, settings):
    settings.PUBLIC_URL = "https://portal.example"
    return client.get("/api/v1/openapi-tools.json").json()


def test_the_document_for_tools_is_flat(document):
    operations = [one for methods in document["paths"].values() for one in methods.values()]
    bodies = [one["requestBody"]["content"] for one in operations if "requestBody" in one]

    assert document["servers"] == [{"url": "https://portal.example"}]
    assert [one["operationId"] for one in operations] == ["create_video", "get_video", "list_models"]
    assert "$ref" not in json.dumps(document)
    assert [list(content) for content in bodies] == [["application/json"]]
    fields = [*bodies[0]["application/json"]["schema"]["properties"].values(), *(given["schema"] for given in operations[1]["parameters"])]
    assert {field["type"] for field in fields} == {"string", "integer"}
    assert all(field.get("description") for field in bodies[0]["application/json"]["schema"]["properties"].values())


def test_the_document_for_tools_has_addresses_that_exist(document):
    routes = {(f"/{one.prefix}{route.path}", route.method.lower()) for one in DIALECTS for route in one.routes}
    plain = {(re.sub(r"<\w+:(\w+)>", r"{\1}", path), method) for path, method in routes}

    assert {(path.rstrip("/"), method) for path, methods in document["paths"].items() for method in methods} <= plain


def test_what_agents_may_ask_besides_becomes_options(program, any_model):
    body = {"prompt": "a fox", "model": "kling-v2-6", "negative_prompt": "rain", "duration_ms": 9_000, "seed": 7, "image_url": ""}
    assert program.post("/jimeng/generate_video/", body).status_code == 202
    task = GenerationTask.objects.get()
    assert (task.model, task.params["negative_prompt"], task.params["duration_s"]) == ("kling/kling-v2-6", "rain", 10)
    assert "kling/kling-v2-6" in [one["name"] for one in program.get("/jimeng/models").json()["models"]]
