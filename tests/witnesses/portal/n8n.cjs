// n8n's own expressions (the package n8n-workflow) run docs/integrations/n8n/video.json against the portal.
//
// n8n itself is not installed: each node here does what its description says, and every parameter is resolved by n8n's engine. The address at
// which an execution resumes answers 409 until the Wait node is reached, as n8n does while an execution runs.

const assert = require("node:assert");
const { readFileSync } = require("node:fs");
const { createServer } = require("node:http");
const { join } = require("node:path");
const { Workflow } = require("n8n-workflow");

const [portal, token] = process.argv.slice(2);
const flow = JSON.parse(readFileSync(join(__dirname, "../../../docs/integrations/n8n/video.json"), "utf8"));
const nodeTypes = { getByName: () => undefined, getByNameAndVersion: () => undefined }; // so the parameters stay as the file has them
const workflow = new Workflow({ id: "witness", nodes: flow.nodes, connections: flow.connections, active: false, nodeTypes, settings: flow.settings });
const execution = { id: String(Date.now()), mode: "manual", resumeUrl: "" };
const runData = {};
const refused = [];
let waiting = null; // resolves with what n8n would hand on
let reached = false;

function resolved(node, value, input) {
  const run = { resultData: { runData }, executionData: { contextData: {} } };
  return workflow.expression.getParameterValue(value, run, 0, 0, node.name, [{ json: input }], "manual", { $execution: execution }, undefined, false);
}

async function http(parameters) {
  const headers = { Authorization: `Bearer ${token}`, "Content-Type": "application/json" };
  for (const { name, value } of parameters.headerParameters?.parameters ?? []) headers[name] = value;
  const reply = await fetch(parameters.url, { method: parameters.method ?? "GET", headers, body: parameters.sendBody ? parameters.jsonBody : undefined });
  const body = await reply.json();
  assert(reply.ok, `${parameters.url}: ${reply.status} ${JSON.stringify(body)}`);
  return body;
}

function passes({ conditions }) {
  const [{ leftValue, rightValue, operator }] = conditions.conditions;
  return operator.operation === "true" ? leftValue === true : leftValue === rightValue;
}

const kinds = {
  manualTrigger: async () => [{}],
  set: async ({ assignments }) => [Object.fromEntries(assignments.assignments.map(({ name, value }) => [name, value]))],
  httpRequest: async (parameters) => [await http(parameters)],
  wait: async (parameters) => {
    assert.deepEqual([parameters.resume, parameters.httpMethod], ["webhook", "POST"]);
    reached = true;
    return [await waiting];
  },
  if: async (parameters, input) => (passes(parameters) ? [input] : [undefined, input]),
  stopAndError: async ({ errorMessage }) => assert.fail(errorMessage),
};

async function run(name, input) {
  const node = workflow.getNode(name);
  const outputs = await kinds[node.type.split(".")[1]](resolved(node, node.parameters, input), input);
  runData[name] = [{ data: { main: outputs.map((json) => (json === undefined ? [] : [{ json }])) }, source: [], startTime: 0, executionTime: 0, executionIndex: 0 }];
  const branch = outputs.findIndex((json) => json !== undefined);
  const [next] = flow.connections[name]?.main[branch] ?? [];
  return next ? run(next.node, outputs[branch]) : [name, outputs[branch]];
}

async function main() {
  let resume;
  waiting = new Promise((done) => (resume = done));
  const server = createServer(async (request, response) => {
    let text = "";
    for await (const part of request) text += part;
    if (!reached) refused.push(request.url);
    else resume({ headers: request.headers, query: {}, body: JSON.parse(text) });
    response.writeHead(reached ? 200 : 409).end();
  });
  await new Promise((done) => server.listen(0, "127.0.0.1", done));
  execution.resumeUrl = `http://127.0.0.1:${server.address().port}/webhook-waiting/${execution.id}?signature=abc`;
  workflow.getNode("Settings").parameters.assignments.assignments[0].value = portal;
  const [last, json] = await run("Start", {});
  server.close();
  const resumed = runData.Wait[0].data.main[0][0].json.body;
  assert.deepEqual([resumed.type, resumed.data.id, last], ["task.succeeded", runData.Order[0].data.main[0][0].json.id, "Video"]);
  const film = await fetch(json.video_url);
  assert.deepEqual([film.status, film.headers.get("content-type")], [200, "video/mp4"]);
  await film.arrayBuffer();
}

main().then(
  () => process.exit(0),
  (error) => {
    console.error(error);
    process.exit(1);
  },
);
