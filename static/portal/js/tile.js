// Tiles: a short preview under the pointer, one at a time, and arrow keys that walk along the wall.

const DELAY_MS = 150;
const quiet = matchMedia("(prefers-reduced-motion: reduce), (hover: none)");

let timer = 0;
let playing = null;

function allowed() {
  return !quiet.matches && !navigator.connection?.saveData && document.body.dataset.hoverPreview !== "off";
}

function play(tile) {
  stop();
  const video = document.createElement("video");
  Object.assign(video, { muted: true, loop: true, playsInline: true, preload: "none", src: tile.dataset.preview });
  video.setAttribute("aria-hidden", "true");
  video.addEventListener("timeupdate", () => {
    tile.querySelector(".scrub")?.style.setProperty("--p", `${(100 * video.currentTime) / (video.duration || 1)}%`);
  });
  video.addEventListener("playing", () => tile.classList.add("is-playing"), { once: true });
  tile.querySelector("img")?.after(video);
  playing = { tile, video };
  video.play().catch(stop);
}

/** Dropping src and calling load() ends the download; removing the element alone does not. */
function stop() {
  clearTimeout(timer);
  if (!playing) return;
  const { tile, video } = playing;
  playing = null;
  video.removeAttribute("src");
  video.load();
  video.remove();
  tile.classList.remove("is-playing");
}

function onEnter(event) {
  const tile = event.target.closest?.(".tile[data-preview]");
  if (!tile || tile === playing?.tile || !allowed()) return;
  clearTimeout(timer);
  timer = setTimeout(play, DELAY_MS, tile);
}

function onLeave(event) {
  const tile = event.target.closest?.(".tile[data-preview]");
  if (tile && !tile.contains(event.relatedTarget)) stop();
}

function centre(link) {
  const box = link.getBoundingClientRect();
  return { x: box.left + box.width / 2, y: box.top + box.height / 2 };
}

function nearest(links, from, direction) {
  const start = centre(from);
  const ahead = links.filter((link) => (centre(link).y - start.y) * direction > 8);
  const distance = (link) => Math.abs(centre(link).y - start.y) * 4 + Math.abs(centre(link).x - start.x);
  return ahead.sort((a, b) => distance(a) - distance(b))[0];
}

function onArrow(event) {
  const link = event.target.closest?.(".wall a.over");
  if (!link || event.altKey || event.ctrlKey || event.metaKey) return;
  const links = [...document.querySelectorAll(".wall .tile:not([hidden]) a.over")];
  const at = links.indexOf(link);
  const goal = {
    ArrowRight: links[at + 1],
    ArrowLeft: links[at - 1],
    ArrowDown: nearest(links, link, 1),
    ArrowUp: nearest(links, link, -1),
  };
  if (!(event.key in goal)) return;
  event.preventDefault();
  goal[event.key]?.focus();
}

export function start() {
  document.addEventListener("pointerover", onEnter);
  document.addEventListener("pointerout", onLeave);
  document.addEventListener("focusin", onEnter);
  document.addEventListener("focusout", onLeave);
  document.addEventListener("keydown", onArrow);
  addEventListener("pagehide", stop);
}
