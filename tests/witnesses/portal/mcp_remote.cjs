// mcp-remote between a client that starts local servers and the portal's MCP server, as docs/integrations/mcp.md says for Claude Desktop. The page's
// command is run with the package that is installed here; the client is this program, which speaks JSON-RPC on its standard input and output.

const assert = require("node:assert");
const { spawn } = require("node:child_process");
const { readFileSync } = require("node:fs");
const { createServer } = require("node:net");
const { dirname, join } = require("node:path");
const { createInterface } = require("node:readline");

const ROOT = join(__dirname, "../../..");
const UP_WITHIN_MS = 60_000;
const SHOWN = "https://portal.example.com/mcp";
const ASKS = [
  { id: 1, method: "initialize", params: { protocolVersion: "2025-06-18", capabilities: {}, clientInfo: { name: "witness", version: "1" } } },
  { method: "notifications/initialized" },
  { id: 2, method: "tools/list" },
];

async function freePort() {
  const server = createServer();
  await new Promise((done) => server.listen(0, "127.0.0.1", done));
  const { port } = server.address();
  await new Promise((done) => server.close(done));
  return port;
}

async function untilUp(url) {
  const end = Date.now() + UP_WITHIN_MS;
  while (!(await fetch(url).then((reply) => reply.ok, () => false))) {
    assert(Date.now() < end, "the MCP server did not start");
    await new Promise((done) => setTimeout(done, 200));
  }
}

async function main(_portal, token, _simulator, python) {
  const page = readFileSync(join(ROOT, "docs/integrations/mcp.md"), "utf8");
  const [settings] = [...page.matchAll(/^```json\n([^]*?)^```$/gm)].map(([, code]) => JSON.parse(code)).filter((one) => JSON.stringify(one).includes("npx"));
  const [{ command, args, env }] = Object.values(settings.mcpServers);
  const port = await freePort();
  const server = spawn(python, [join(ROOT, "manage.py"), "mcp", "--http", `127.0.0.1:${port}`], { stdio: "inherit" });
  try {
    await untilUp(`http://127.0.0.1:${port}/healthz`);
    const words = args.map((word) => word.replace(SHOWN, `http://127.0.0.1:${port}/mcp`));
    const meant = Object.fromEntries(Object.entries(env).map(([name, value]) => [name, value.replace("TOKEN", token)]));
    const remote = spawn(command, words, { cwd: dirname(process.env.NODE_PATH), env: { ...process.env, ...meant }, stdio: ["pipe", "pipe", "inherit"], detached: true });
    try {
      const answers = createInterface({ input: remote.stdout })[Symbol.asyncIterator]();
      for (const ask of ASKS) {
        remote.stdin.write(`${JSON.stringify({ jsonrpc: "2.0", ...ask })}\n`);
        if (!ask.id) continue;
        const { value } = await answers.next();
        const { id, result, error } = JSON.parse(value);
        assert.deepStrictEqual([id, error], [ask.id, undefined]);
        if (ask.method === "tools/list") assert(result.tools.some(({ name }) => name === "create_video"), value);
      }
    } finally {
      process.kill(-remote.pid);
    }
  } finally {
    server.kill();
  }
}

main(...process.argv.slice(2)).then(
  () => process.exit(0),
  (error) => {
    console.error(error);
    process.exit(1);
  },
);
