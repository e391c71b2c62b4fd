// The player's own tools beside the browser's controls: loop, speed, single frames, and a frame saved as a picture.

import { text } from "./net.js";
import { toast } from "./toast.js";

const PATIENCE_MS = 5_000; // without a picture
const OLD_MS = 300_000; // no address ends sooner (delivery/stored_file.py), and a slow network is not asked again and again

function fps(box) {
  return Number(box.dataset.fps) || 24;
}

function two(number) {
  return String(Math.floor(number)).padStart(2, "0");
}

function showTime(box, video) {
  const clock = box.querySelector("[data-timecode]");
  const time = video.currentTime + 1e-4;
  if (clock) clock.textContent = `${two(time / 60)}:${two(time % 60)}:${two((time % 1) * fps(box))}`;
}

function step(box, video, frames) {
  video.pause();
  video.currentTime = Math.min(video.duration || 0, Math.max(0, video.currentTime + frames / fps(box)));
}

function setSpeed(box, video, button) {
  video.playbackRate = Number(button.dataset.speed);
  for (const other of box.querySelectorAll("[data-speed]"))
    other.setAttribute("aria-pressed", String(other === button));
}

function draw(video) {
  const canvas = Object.assign(document.createElement("canvas"), {
    width: video.videoWidth,
    height: video.videoHeight,
  });
  canvas.getContext("2d").drawImage(video, 0, 0);
  return new Promise((done) => canvas.toBlob(done, "image/png"));
}

/** A frame of a file that another host sends must not be read; the portal sends the same file itself at this address. */
async function sameFrame(shown) {
  const video = Object.assign(document.createElement("video"), {
    muted: true,
    preload: "auto",
    src: `${shown.getAttribute("src")}?direct=1`,
  });
  const happens = (name) =>
    new Promise((done, failed) => {
      video.addEventListener(name, done, { once: true });
      video.addEventListener("error", () => failed(video.error), { once: true });
    });
  await happens("loadedmetadata");
  const seeked = happens("seeked");
  video.currentTime = shown.currentTime;
  await seeked;
  return video;
}

async function frameOf(video) {
  try {
    return await draw(video);
  } catch (error) {
    if (error.name !== "SecurityError") throw error;
    return draw(await sameFrame(video));
  }
}

async function saveFrame(button, video) {
  button.disabled = true;
  try {
    const link = Object.assign(document.createElement("a"), {
      href: URL.createObjectURL(await frameOf(video)),
      download: button.dataset.saveFrame,
    });
    link.click();
    URL.revokeObjectURL(link.href);
  } catch {
    toast(text("frame_failed"), "bad");
  } finally {
    button.disabled = false;
  }
}

/** Ask the portal for the file again, which gives the bucket's address of now, and go on where the player is. */
function renew(video) {
  const at = video.currentTime;
  const goOn = !video.paused;
  video.load();
  video.currentTime = at;
  if (goOn) video.play().catch(() => {});
}

/** A player keeps the bucket's address. Chromium says nothing when that has expired, and asks there for ever. */
function renewIfStuck(video) {
  setTimeout(() => {
    const isStuck = video.seeking || (!video.paused && video.readyState < HTMLMediaElement.HAVE_FUTURE_DATA);
    if (isStuck && Date.now() - Number(video.dataset.loadedAt) > OLD_MS) renew(video);
  }, PATIENCE_MS);
}

function onError(box, video) {
  const at = video.currentTime;
  if (at && video.dataset.retriedAt !== String(at)) {
    video.dataset.retriedAt = String(at);
    return renew(video);
  }
  box.querySelector("[data-player-error]")?.removeAttribute("hidden");
}

function onClick(event) {
  const button = event.target.closest("[data-player] button");
  const box = button?.closest("[data-player]");
  const video = box?.querySelector("video");
  if (!video) return;
  if ("loop" in button.dataset) button.setAttribute("aria-pressed", String((video.loop = !video.loop)));
  if (button.dataset.speed) setSpeed(box, video, button);
  if (button.dataset.frame) step(box, video, Number(button.dataset.frame));
  if ("play" in button.dataset) video.paused ? video.play() : video.pause();
  if (button.dataset.saveFrame) saveFrame(button, video);
}

export function start() {
  document.addEventListener("click", onClick);
  for (const box of document.querySelectorAll("[data-player]")) {
    const video = box.querySelector("video");
    if (!video) continue;
    video.addEventListener("timeupdate", () => showTime(box, video));
    video.addEventListener("seeked", () => showTime(box, video));
    video.addEventListener("error", () => onError(box, video));
    video.dataset.loadedAt = String(Date.now());
    video.addEventListener("loadstart", () => (video.dataset.loadedAt = String(Date.now())));
    for (const name of ["seeking", "play", "waiting"]) video.addEventListener(name, () => renewIfStuck(video));
  }
}
