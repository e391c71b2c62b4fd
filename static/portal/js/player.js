// The player's own tools beside the browser's controls: loop, speed, single frames, and forms about the picture that is shown.

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

/** Note which picture is shown: `currentTime` is where the player is, also before that picture has come. */
function follow(video) {
  video.requestVideoFrameCallback?.(function shown(_now, { mediaTime }) {
    video.dataset.shownAt = String(mediaTime);
    video.requestVideoFrameCallback(shown);
  });
}

/** Say in a form about a picture which one is meant. */
function onSubmit(event) {
  const field = event.target.elements?.at_s;
  const video = field && event.target.closest("[data-player]")?.querySelector("video");
  if (!video) return;
  video.pause();
  const shown = Number(video.dataset.shownAt);
  field.value = Math.abs(shown - video.currentTime) < 1 ? shown : video.currentTime; // a hidden page is shown no pictures
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
}

function start() {
  document.addEventListener("click", onClick);
  document.addEventListener("submit", onSubmit, { capture: true }); // before htmx reads the form
  for (const box of document.querySelectorAll("[data-player]")) {
    const video = box.querySelector("video");
    if (!video) continue;
    video.addEventListener("timeupdate", () => showTime(box, video));
    video.addEventListener("seeked", () => showTime(box, video));
    video.addEventListener("error", () => onError(box, video));
    follow(video);
    video.dataset.loadedAt = String(Date.now());
    video.addEventListener("loadstart", () => (video.dataset.loadedAt = String(Date.now())));
    for (const name of ["seeking", "play", "waiting"]) video.addEventListener(name, () => renewIfStuck(video));
  }
}

start();
