// What several witnesses need: a picture, an address that is called, and the JavaScript on the pages of docs/integrations, run as it is written:
// only the hosts and tokens that pages show are those of the portal here.
//
// `https://portal.example` is the portal behind a proxy with https, under that name, because `ai` fetches no video from 127.0.0.1.

const assert = require("node:assert");
const { execFile } = require("node:child_process");
const { mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } = require("node:fs");
const { createServer } = require("node:http");
const { tmpdir } = require("node:os");
const { join } = require("node:path");
const { promisify } = require("node:util");
const { crc32, deflateSync } = require("node:zlib");

const PAGES = join(__dirname, "../../../docs/integrations");
const FENCE = /^```js\n([^]*?)^```$/gm;
const KNOWS_THE_NAME = `
const dns = require("node:dns");
const { lookup } = dns;
dns.lookup = (name, ...rest) => lookup(name === "portal.example" ? "127.0.0.1" : name, ...rest);
`;

// Run each block of a page with the packages of this witness. It leaves a file that is a video.
exports.runsThePage = async function (page, portal, token) {
  const blocks = [...readFileSync(join(PAGES, page), "utf8").matchAll(FENCE)];
  assert(blocks.length, `${page} has lost its code`);
  const byHttps = process.env.PORTAL_BY_HTTPS.replace("127.0.0.1", "portal.example");
  const hosts = [["https://portal.example", byHttps], ["http://127.0.0.1:8000", portal], ["vp_…", token]];
  for (const [, code] of blocks) {
    const folder = mkdtempSync(join(tmpdir(), "page-"));
    symlinkSync(process.env.NODE_PATH, join(folder, "node_modules"));
    writeFileSync(join(folder, "hosts.cjs"), KNOWS_THE_NAME);
    writeFileSync(join(folder, "video.mjs"), hosts.reduce((text, [shown, meant]) => text.replaceAll(shown, meant), code));
    await promisify(execFile)(process.execPath, ["--require", "./hosts.cjs", "video.mjs"], { cwd: folder });
    assert.strictEqual(readFileSync(join(folder, "balloon.mp4")).toString("latin1", 4, 8), "ftyp", page);
    rmSync(folder, { recursive: true });
  }
};

// Answer requests with `answer(request, body, response)`. Return the address and the server.
exports.listening = async function (answer) {
  const server = createServer(async (request, response) => {
    const parts = [];
    for await (const part of request) parts.push(part);
    await answer(request, Buffer.concat(parts), response);
  });
  await new Promise((done) => server.listen(0, "127.0.0.1", done));
  return [`http://127.0.0.1:${server.address().port}`, server];
};

// Return a PNG of grey pixels.
exports.frame = function (side = 512) {
  const chunk = (kind, content) => {
    const body = Buffer.concat([Buffer.from(kind), content]);
    const length = Buffer.alloc(4);
    const sum = Buffer.alloc(4);
    length.writeUInt32BE(content.length);
    sum.writeUInt32BE(crc32(body));
    return Buffer.concat([length, body, sum]);
  };
  const header = Buffer.from([0, 0, side >> 8, side & 255, 0, 0, side >> 8, side & 255, 8, 0, 0, 0, 0]);
  const pixels = deflateSync(Buffer.alloc((side + 1) * side, 128).map((byte, place) => (place % (side + 1) ? byte : 0)));
  const parts = [chunk("IHDR", header), chunk("IDAT", pixels), chunk("IEND", Buffer.alloc(0))];
  return Buffer.concat([Buffer.from("89504e470d0a1a0a", "hex"), ...parts]);
};
