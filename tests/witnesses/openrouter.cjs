// @openrouter/ai-sdk-provider against the simulated OpenRouter: submit, polls, cost and the file of each kind of order, refusals as its errors.

const assert = require("node:assert");
const { createOpenRouter } = require("@openrouter/ai-sdk-provider");
const { APICallError } = require("@ai-sdk/provider");

const KEY = "sk-or-witness";
const SETTINGS = { pollIntervalMs: 50, maxPollTimeMs: 10_000 };
const DOT = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNkYPhfDwAChwGA60e6kgAAAABJRU5ErkJggg==";
const FAR = "https://example.com/picture.jpg";
const ORDERS = [
  ["google/veo-3.1", { duration: 8, aspectRatio: "9:16", seed: 7 }, { generateAudio: false }],
  ["google/veo-3.1-fast", { image: { type: "url", url: FAR } }, { extraBody: { resolution: "1080p" } }],
  ["runway/gen-4.5", { duration: 2, image: { type: "file", data: DOT, mediaType: "image/png" } }, {}],
  ["bytedance/seedance-2.0", { providerOptions: { openrouter: { input_references: [{ type: "image_url", image_url: { url: FAR } }] } } }, {}],
];
const REFUSALS = [
  ["google/veo-3.1", { prompt: "a boat #fault:bad-param" }, 400],
  ["google/veo-3.1", { prompt: "a boat #fault:auth" }, 401],
  ["google/veo-3.1", { prompt: "a boat #fault:quota" }, 402],
  ["google/veo-3.1", { prompt: "a boat #fault:refuse" }, 403],
  ["google/veo-3.1", { prompt: "a boat #fault:rate-limit" }, 429],
  ["google/veo-3.1", { prompt: "a boat", duration: 5 }, 400],
  ["google/veo-9", { prompt: "a boat" }, 404],
];

async function main(base) {
  const openrouter = createOpenRouter({ apiKey: KEY, baseURL: `${base}/hosts/openrouter/api/v1` });
  const make = (model, options, settings = {}) =>
    openrouter.videoModel(model, { ...SETTINGS, ...settings }).doGenerate({ prompt: "a boat", n: 1, providerOptions: {}, ...options });

  for (const [model, options, settings] of ORDERS) {
    const { videos, providerMetadata } = await make(model, options, settings);
    assert.strictEqual(videos.length, 1, model);
    assert(providerMetadata.openrouter.cost > 0, model);
    const file = await fetch(videos[0].url, { headers: { Authorization: `Bearer ${KEY}` } });
    assert.strictEqual(Buffer.from(await file.arrayBuffer()).toString("latin1", 4, 8), "ftyp", model);
    assert.strictEqual((await fetch(videos[0].url)).status, 401, model);
  }
  for (const [model, options, status] of REFUSALS) {
    const refused = await make(model, options).catch((error) => error);
    assert(APICallError.isInstance(refused), String(refused));
    assert.strictEqual(refused.statusCode, status, `${options.prompt}: ${refused}`);
  }
  const failed = await make("google/veo-3.1", { prompt: "a boat #fault:fail-content" }).catch((error) => error);
  assert.strictEqual(failed.message, "Content policy violation");
}

main(process.argv[2]).catch((error) => {
  console.error(error);
  process.exit(1);
});
