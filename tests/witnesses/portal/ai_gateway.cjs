// Vercel's `ai` with @ai-sdk/gateway against the portal: from text, from an image, polled, waited for, called back; refusals; and a start whose
// answer is cut is sent again with its key, and is one task.

const assert = require("node:assert");
const { experimental_generateVideo: generateVideo, experimental_startVideo, experimental_getVideoStatus } = require("ai");
const { createGateway } = require("@ai-sdk/gateway");
const { frame, listening, runsThePage } = require("./parts.cjs");

const MODEL = "kling/kling-v2-6";
const POLL = { intervalMs: 500, timeoutMs: 60_000 };
const START = "/video-model/start";
globalThis.AI_SDK_LOG_WARNINGS = false;

function isVideo({ uint8Array, mediaType }) {
  assert.strictEqual(Buffer.from(uint8Array).toString("latin1", 4, 8), "ftyp");
  assert.strictEqual(mediaType, "video/mp4");
}

async function download({ url }) {
  const reply = await fetch(url); // `ai` refuses addresses of this machine, so it is told how to fetch
  return { data: new Uint8Array(await reply.arrayBuffer()), mediaType: reply.headers.get("content-type") };
}

async function main(base, token) {
  const at = (host, apiKey = token) => createGateway({ apiKey, baseURL: `${host}/compat/ai-gateway` });
  const make = (options, gateway = at(base), model = MODEL) => generateVideo({ model: gateway.video(model), download, poll: POLL, ...options });
  const refused = (options, ...rest) => make(options, ...rest).then(() => assert.fail("it was not refused"), (error) => error);
  const tasksOf = async (prompt) => {
    const reply = await fetch(`${base}/api/v1/tasks?limit=100`, { headers: { Authorization: `Bearer ${token}` } });
    return (await reply.json()).items.filter((task) => task.prompt === prompt);
  };

  async function makes() {
    const made = await Promise.all([
      make({ prompt: "a red balloon", duration: 5, resolution: "1280x720", seed: 7 }),
      make({ prompt: { image: frame(), text: "it sails" }, duration: 5 }),
      make({ prompt: "a kite", poll: undefined }), // one request that waits
      make({ prompt: "two kites", n: 2, maxVideosPerCall: 1 }),
      make({ prompt: "a lake", duration: 9, aspectRatio: "9:16" }, at(base), "sora-2"),
    ]);
    assert.deepStrictEqual(made.map(({ videos }) => videos.length), [1, 1, 1, 2, 1]);
    made.flatMap(({ videos }) => videos).forEach(isVideo);
    assert.deepStrictEqual(made[4].warnings.map(({ feature }) => feature), ["duration"]);
    assert.strictEqual((await tasksOf("two kites")).length, 2);
    const [framed] = await tasksOf("it sails");
    assert.deepStrictEqual(Object.keys(framed.inputs), ["first_frame"]);
  }

  async function isCalledBack() {
    let told;
    const received = new Promise((done) => (told = done));
    const [url, server] = await listening(async (_request, body, response) => {
      response.writeHead(204).end();
      told({ headers: {}, body: JSON.parse(body) });
    });
    const { video } = await make({ prompt: "a boat that calls", webhook: async () => ({ url: `${url}/done`, received }), poll: { timeoutMs: 60_000 } });
    isVideo(video);
    assert.strictEqual((await received).body.type, "task.succeeded");
    server.close();
  }

  async function isLookedAtLater() {
    const model = at(base).video(MODEL);
    const { operation } = await experimental_startVideo({ model, prompt: "a slow boat" });
    const first = await experimental_getVideoStatus(model, { operation: JSON.parse(JSON.stringify(operation)) });
    assert(["pending", "completed"].includes(first.status), first.status);
  }

  async function retries() {
    const keys = [];
    const [line, server] = await listening(async (request, body, response) => {
      const headers = { ...request.headers, host: new URL(base).host };
      delete headers["content-length"];
      const reply = await fetch(`${base}${request.url}`, { method: request.method, headers, body });
      const answer = Buffer.from(await reply.arrayBuffer());
      if (request.url.endsWith(START)) keys.push(request.headers["idempotency-key"]);
      if (request.url.endsWith(START) && keys.length === 1) request.socket.destroy(); // the portal has the order, its client does not know
      else response.writeHead(reply.status, { "Content-Type": "application/json" }).end(answer);
    });
    const { video } = await make({ prompt: "a boat in fog" }, at(line));
    isVideo(video);
    assert.deepStrictEqual([keys.length, new Set(keys).size, keys[0].startsWith("aisdk_vid_")], [2, 1, true]);
    assert.strictEqual((await tasksOf("a boat in fog")).length, 1);
    server.close();
  }

  async function isRefused() {
    const wrong = await refused({ prompt: "a boat", duration: 7 });
    assert.deepStrictEqual([wrong.name, wrong.statusCode], ["GatewayInvalidRequestError", 400], String(wrong));
    assert(wrong.message.includes("duration"), wrong.message);
    const unknown = await refused({ prompt: "a boat" }, at(base), "nobody-has-it");
    assert.deepStrictEqual([unknown.name, unknown.statusCode], ["GatewayModelNotFoundError", 404], String(unknown));
    const stranger = await refused({ prompt: "a boat" }, at(base, "vp_wrong"));
    assert.deepStrictEqual([stranger.name, stranger.statusCode], ["GatewayAuthenticationError", 401], String(stranger));
    assert.strictEqual((await refused({ prompt: "a boat", n: 2 })).statusCode, 400);
    const failed = "a boat #fault:fail-content";
    assert((await refused({ prompt: failed })).message);
    const dependency = await refused({ prompt: `${failed} held`, poll: undefined });
    assert.deepStrictEqual([dependency.name, dependency.statusCode], ["GatewayFailedDependencyError", 424], String(dependency));
    assert.strictEqual((await tasksOf(`${failed} held`)).length, 1);
  }

  await Promise.all([makes(), isCalledBack(), isLookedAtLater(), retries(), isRefused(), runsThePage("ai-gateway.md", base, token)]);
}

main(...process.argv.slice(2, 4)).then(
  () => process.exit(0),
  (error) => {
    console.error(error);
    process.exit(1);
  },
);
