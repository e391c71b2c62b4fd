// openai for Node.js against the portal: create with and without a file, poll, list, content, remix, delete, refusals, and the page's program.
// openai_node_6.cjs runs it with the package of the 6.x line.

const assert = require("node:assert");
const OpenAI = require("openai");
const { frame, runsThePage } = require("./parts.cjs");

const MODEL = "kling/kling-v2-6";
const POLL_MS = 300;

async function ended(client, video) {
  while (["queued", "in_progress"].includes(video.status)) {
    await new Promise((done) => setTimeout(done, POLL_MS));
    video = await client.videos.retrieve(video.id);
  }
  return video;
}

async function main(base, token) {
  const client = new OpenAI({ apiKey: token, baseURL: `${base}/v1` });
  const refused = (call) => call.then(() => assert.fail("it was not refused")).catch((error) => error);

  const models = [];
  for await (const model of client.models.list()) models.push(model.id);
  assert(models.includes(MODEL) && models.includes("sora-2"), models.join());

  const created = await client.videos.create({ model: MODEL, prompt: "a red balloon", seconds: "5", size: "1280x720" });
  const reference = await OpenAI.toFile(frame(), "frame.png");
  const framed = await client.videos.create({ model: MODEL, prompt: "it sails", input_reference: reference });
  const data = `data:image/png;base64,${frame().toString("base64")}`;
  const linked = await client.videos.create({ model: MODEL, prompt: "it sinks", input_reference: { image_url: data } });
  assert.deepStrictEqual([created.object, created.seconds, created.progress, created.error], ["video", "5", 0, null]);

  for (const video of await Promise.all([created, framed, linked].map((one) => ended(client, one)))) {
    assert.deepStrictEqual([video.status, video.progress, video.error], ["completed", 100, null]);
    const file = await client.videos.downloadContent(video.id);
    assert.strictEqual(Buffer.from(await file.arrayBuffer()).toString("latin1", 4, 8), "ftyp");
  }
  const poster = await client.videos.downloadContent(created.id, { variant: "thumbnail" });
  assert.strictEqual(Buffer.from(await poster.arrayBuffer()).toString("latin1", 0, 4), "RIFF");

  const fixed = await client.videos.create({ model: "sora-2", prompt: "a cat", seconds: "4", size: "720x1280" });
  assert.notStrictEqual(fixed.model, "sora-2");
  const remixed = await client.videos.remix(created.id, { prompt: "the same at night" });
  assert.strictEqual(remixed.remixed_from_video_id, created.id);

  const listed = [];
  for await (const video of client.videos.list({ limit: 2, order: "asc" })) listed.push(video.id);
  assert.deepStrictEqual(listed, [created, framed, linked, fixed, remixed].map((video) => video.id));

  await ended(client, remixed);
  assert.strictEqual((await client.videos.delete(created.id)).deleted, true);
  assert((await refused(client.videos.retrieve(created.id))) instanceof OpenAI.NotFoundError);
  const wrong = await refused(client.videos.create({ model: MODEL, prompt: "a boat", seconds: "7" }));
  assert.deepStrictEqual([wrong.status, wrong.param, wrong.code], [400, "seconds", "invalid_value"]);
  const edited = await refused(client.videos.edit({ prompt: "more", video: await OpenAI.toFile(Buffer.from("x"), "clip.mp4") }));
  assert.deepStrictEqual([edited.status, edited.code], [404, "unsupported"]);
  const stranger = new OpenAI({ apiKey: "sk-not-the-key", baseURL: `${base}/v1` });
  assert((await refused(stranger.videos.list())) instanceof OpenAI.AuthenticationError);
  await runsThePage("openai.md", base, token);
}

main(...process.argv.slice(2, 4)).catch((error) => {
  console.error(error);
  process.exit(1);
});
