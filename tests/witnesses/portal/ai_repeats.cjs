// What `ai` sends again without a key, through a line that cuts the first answers: a hundred creates by @openrouter/ai-sdk-provider and a hundred
// by @ai-sdk/gateway, two equal ones at a time, are a hundred tasks each.

const assert = require("node:assert");
const { createServer } = require("node:http");
const { generateVideo, experimental_generateVideo } = require("ai");
const { createGateway } = require("@ai-sdk/gateway");
const { createOpenRouter } = require("@openrouter/ai-sdk-provider");

const MODEL = "vidu/viduq2";
const ROUNDS = 5;
const PROMPTS = 10;
const EQUAL = 2;
const CREATES = ROUNDS * PROMPTS * EQUAL;
const HELD_MS = 1_000;
const HEADERS = ["authorization", "content-type", "user-agent", "ai-model-id"];
globalThis.AI_SDK_LOG_WARNINGS = false;

const pause = (ms) => new Promise((done) => setTimeout(done, ms));

// Forward creates. Of each body the first `EQUAL` answers are cut: before the portal has made them, or afterwards where the prompt has an odd
// number. `isHeld`: the portal answers when the video is there, which nobody here waits for. Repeats count in `repeats`, their ids in `told`.
async function cutting(base, isHeld) {
  const seen = new Map();
  const line = { repeats: 0, told: new Set() };
  line.server = createServer(async (request, response) => {
    const parts = [];
    for await (const part of request) parts.push(part);
    const json = (status, answer) => response.writeHead(status, { "Content-Type": "application/json" }).end(JSON.stringify(answer));
    if (request.method === "GET") return json(200, { status: "cancelled" });
    const body = Buffer.concat(parts).toString();
    const tries = (seen.get(body) ?? 0) + 1;
    seen.set(body, tries);
    const headers = Object.fromEntries(HEADERS.filter((name) => name in request.headers).map((name) => [name, request.headers[name]]));
    const asked = fetch(`${base}${request.url}`, { method: "POST", headers, body });
    const answered = isHeld ? Promise.race([asked, pause(HELD_MS)]) : asked;
    if (tries <= EQUAL) {
      if (Number(JSON.parse(body).prompt.split(" ").pop()) % 2) await answered;
      return request.socket.destroy();
    }
    const reply = await answered;
    line.repeats += 1;
    if (isHeld) return json(424, { error: { message: "enough", type: "failed_dependency" } });
    const made = await reply.json();
    line.told.add(made.id);
    return json(reply.status, made);
  });
  await new Promise((done) => line.server.listen(0, "127.0.0.1", done));
  line.url = `http://127.0.0.1:${line.server.address().port}`;
  return line;
}

async function main(base, token) {
  const make = generateVideo ?? experimental_generateVideo;
  const ask = async (path, method = "GET") => (await fetch(`${base}/api/v1/tasks${path}`, { method, headers: { Authorization: `Bearer ${token}` } })).json();

  async function tasks() {
    const found = [];
    for (let next = ""; next !== null; ) {
      const page = await ask(`?limit=100${next && `&cursor=${next}`}`);
      found.push(...page.items);
      next = page.next_cursor;
    }
    return found;
  }

  async function orders(modelAt, isHeld, words) {
    const line = await cutting(base, isHeld);
    const model = modelAt(line.url);
    for (let round = 0; round < ROUNDS; round += 1) {
      const prompts = Array.from({ length: PROMPTS }, (_, number) => `${words} ${round * PROMPTS + number}`);
      await Promise.allSettled(prompts.map((prompt) => make({ model, prompt, n: EQUAL, maxVideosPerCall: 1 })));
      while (line.repeats < (round + 1) * PROMPTS * EQUAL) await pause(100); // of two, one may have failed before the other
    }
    const made = (await tasks()).filter(({ prompt }) => prompt.startsWith(words)); // answered after what this token has sent before
    assert.deepStrictEqual([line.repeats, made.length], [CREATES, CREATES], words);
    if (!isHeld) assert.deepStrictEqual([...line.told].sort(), made.map(({ id }) => id).sort());
    await Promise.all(made.map(({ id }) => ask(`/${id}/cancel`, "POST")));
    line.server.closeAllConnections();
  }

  const settings = { pollIntervalMs: 1_000 };
  await orders((host) => createOpenRouter({ apiKey: token, baseURL: `${host}/compat/openrouter/v1` }).videoModel(MODEL, settings), false, "a boat");
  await orders((host) => createGateway({ apiKey: token, baseURL: `${host}/compat/ai-gateway` }).video(MODEL), true, "a kite");
}

main(...process.argv.slice(2, 4)).then(
  () => process.exit(0),
  (error) => {
    console.error(error);
    process.exit(1);
  },
);
