// replicate for Node.js against the portal: run() over http and https, with a file, cancel, lists, a webhook whose signature it validates,
// refusals, a create whose answer is cut, and the page's program.

const assert = require("node:assert");
const Replicate = require("replicate");
const { frame, listening, runsThePage } = require("./parts.cjs");

const MODEL = "kling/kling-v2-6";
const HELD_MS = 1_500;

async function isVideo(url) {
  const reply = await fetch(url);
  assert.strictEqual(Buffer.from(await reply.arrayBuffer()).toString("latin1", 4, 8), "ftyp");
}

async function main(base, token) {
  const at = (host, auth = token) => new Replicate({ auth, baseUrl: `${host}/compat/replicate/v1` });
  const replicate = at(base);
  const refused = (call) => call.then(() => assert.fail("it was not refused"), (error) => error);

  async function runs() {
    const [text, framed] = await Promise.all([
      replicate.run(MODEL, { input: { prompt: "a red balloon", duration: 5 } }),
      replicate.run(MODEL, { input: { prompt: "it sails", image: frame() }, wait: { mode: "poll" } }),
    ]);
    await Promise.all([text, framed].map(isVideo)); // of an http address the package makes no FileOutput
    const file = await at(process.env.PORTAL_BY_HTTPS).run(MODEL, { input: { prompt: "a balloon by https" } });
    assert.strictEqual(Buffer.from(await (await file.blob()).arrayBuffer()).toString("latin1", 4, 8), "ftyp");
    const failed = await refused(replicate.run(MODEL, { input: { prompt: "a boat #fault:fail-content" } }));
    assert(failed.message.startsWith("Prediction failed: "), String(failed));
  }

  async function looksAround() {
    const { latest_version: version } = await replicate.models.get(...MODEL.split("/"));
    const made = await replicate.predictions.create({ version: version.id, input: { prompt: "a kite", unknown: 1 } });
    assert.deepStrictEqual([made.status, made.logs.includes("unknown")], ["starting", true]);
    const { results } = await replicate.predictions.list();
    assert(results.some(({ id }) => id === made.id));
    assert.strictEqual((await replicate.wait(made)).status, "succeeded");
    assert.strictEqual((await replicate.predictions.cancel(made.id)).status, "succeeded");
    const file = await replicate.files.create(frame());
    assert.strictEqual((await replicate.files.get(file.id)).size, file.size);
    assert.strictEqual((await replicate.accounts.current()).type, "user");
  }

  async function isCalled() {
    let told;
    const call = new Promise((done) => (told = done));
    const [url, server] = await listening((request, body, response) => {
      response.writeHead(204).end();
      told({ headers: request.headers, body: body.toString() });
    });
    const headers = { Authorization: `Bearer ${token}`, "Content-Type": "application/json" };
    const endpoint = await fetch(`${base}/api/v1/webhooks`, { method: "POST", headers, body: JSON.stringify({ kind: "callback", url }) });
    const { secret } = await endpoint.json();
    const order = { webhook: `${url}/done`, webhook_events_filter: ["completed"] };
    const made = await replicate.predictions.create({ model: MODEL, input: { prompt: "a kite that calls" }, ...order });
    const request = await call;
    assert.strictEqual(await Replicate.validateWebhook(request, secret), true);
    assert.strictEqual(await Replicate.validateWebhook({ ...request, body: `${request.body} ` }, secret), false);
    assert.deepStrictEqual([JSON.parse(request.body).id, JSON.parse(request.body).status], [made.id, "succeeded"]);
    server.close();
  }

  async function sendsItAgain() {
    let creates = 0;
    const [line, server] = await listening(async (request, body, response) => {
      const headers = { ...request.headers, host: new URL(base).host };
      delete headers["content-length"];
      const reply = await fetch(`${base}${request.url}`, { method: request.method, headers, body: body.length ? body : undefined });
      const answer = Buffer.from(await reply.arrayBuffer());
      if (request.method === "POST" && (creates += 1) === 1) {
        await new Promise((done) => setTimeout(done, HELD_MS)); // a proxy gives up; at once it would be an order of its own
        request.socket.destroy();
      } else response.writeHead(reply.status, { "Content-Type": "application/json" }).end(answer);
    });
    const made = await at(line).predictions.create({ model: MODEL, input: { prompt: "a boat in fog" } });
    const { results } = await replicate.predictions.list();
    const same = results.filter(({ input }) => input.prompt === "a boat in fog");
    assert.deepStrictEqual([creates, same.map(({ id }) => id)], [2, [made.id]]);
    server.close();
  }

  async function isRefused() {
    const unknown = await refused(replicate.run("nobody/has-it", { input: { prompt: "a boat" } }));
    assert.deepStrictEqual([unknown.name, unknown.response.status], ["ApiError", 404]);
    assert.strictEqual((await refused(replicate.run(MODEL, { input: {} }))).response.status, 422);
    assert.strictEqual((await refused(at(base, "r8_wrong").predictions.list())).response.status, 401);
  }

  await Promise.all([runs(), looksAround(), isCalled(), sendsItAgain(), isRefused(), runsThePage("replicate.md", base, token)]);
}

main(...process.argv.slice(2, 4)).then(
  () => process.exit(0),
  (error) => {
    console.error(error);
    process.exit(1);
  },
);
