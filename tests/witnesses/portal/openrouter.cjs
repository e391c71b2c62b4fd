// @openrouter/ai-sdk-provider, alone and under `ai`, against the portal: create, poll, the file without a key, several videos, refusals, and the
// page's program.

const assert = require("node:assert");
const { generateVideo, experimental_generateVideo } = require("ai");
const { createOpenRouter } = require("@openrouter/ai-sdk-provider");
const { APICallError } = require("@ai-sdk/provider");
const { runsThePage } = require("./parts.cjs");

const MODEL = "kling/kling-v2-6";
const SETTINGS = { pollIntervalMs: 300, maxPollTimeMs: 60_000 };
const REFUSALS = [
  [MODEL, { duration: 7 }, 400],
  [MODEL, { providerOptions: { openrouter: { nonsense: 1 } } }, 400],
  ["nobody-has-it", {}, 404],
];

function isVideo(bytes) {
  assert.strictEqual(Buffer.from(bytes).toString("latin1", 4, 8), "ftyp");
}

async function download({ url }) {
  const reply = await fetch(url); // `ai` refuses addresses of this machine, so it is told how to fetch
  return { data: new Uint8Array(await reply.arrayBuffer()), mediaType: reply.headers.get("content-type") };
}

async function main(base, token) {
  const at = (apiKey) => createOpenRouter({ apiKey, baseURL: `${base}/compat/openrouter/v1` });
  const make = (model, options, apiKey = token) =>
    at(apiKey).videoModel(model, SETTINGS).doGenerate({ prompt: "a boat", n: 1, providerOptions: {}, ...options });

  const [wide, aliased] = await Promise.all([
    make(MODEL, { duration: 5, resolution: "1280x720" }),
    make("sora-2", { duration: 7, aspectRatio: "9:16", seed: 7 }),
  ]);
  for (const made of [wide, aliased]) {
    assert.strictEqual(made.videos.length, 1);
    const reply = await fetch(made.videos[0].url); // as `ai` fetches it: without the key
    assert.strictEqual(reply.headers.get("content-type"), "video/mp4");
    isVideo(await reply.arrayBuffer());
  }
  const id = wide.providerMetadata.openrouter.generationId;
  const content = await fetch(`${base}/compat/openrouter/v1/videos/${id}/content?index=0`, { headers: { Authorization: `Bearer ${token}` } });
  isVideo(await content.arrayBuffer());

  const several = await (generateVideo ?? experimental_generateVideo)({
    model: at(token).videoModel(MODEL, SETTINGS),
    prompt: "two boats",
    n: 2,
    download,
  });
  several.videos.forEach((video) => isVideo(video.uint8Array));
  assert.strictEqual(new Set(several.responses.map((one) => one.providerMetadata.openrouter.generationId)).size, 2);

  for (const [model, options, status] of REFUSALS) {
    const refused = await make(model, options).catch((error) => error);
    assert(APICallError.isInstance(refused), String(refused));
    assert.strictEqual(refused.statusCode, status, String(refused));
  }
  assert.strictEqual((await make(MODEL, {}, "vp_wrong").catch((error) => error)).statusCode, 401);
  const failed = await make(MODEL, { prompt: "a boat #fault:refuse" }).catch((error) => error);
  assert(APICallError.isInstance(failed) && !failed.isRetryable && failed.message, String(failed));
  await runsThePage("openrouter.md", base, token);
}

main(...process.argv.slice(2, 4)).catch((error) => {
  console.error(error);
  process.exit(1);
});
