// Tiles: a short preview under the pointer, one at a time, arrow keys that walk along the wall, and how large they are.

import { send } from "./net.js";

const DELAY_MS = 150;
const CHANGED = "portal.changed";
const quiet = matchMedia("(prefers-reduced-motion: reduce), (hover: none)");

let timer = 0;
let playing = null;
let shown = null; // the last change that this page shows

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

/** At once; the server remembers it. Without a script the same form reloads the page. */
function onSize(event) {
  const form = event.target.closest("[data-tiles-form]");
  if (!form || !event.submitter) return;
  event.preventDefault();
  const size = event.submitter.value;
  document.querySelector(".gallery").dataset.tiles = size;
  for (const button of document.querySelectorAll("[data-tiles-form] button")) button.setAttribute("aria-pressed", button.value === size);
  send(form.action, { method: "POST", body: new FormData(form, event.submitter) }).catch(() => {}); // the page says that the network is gone
}

/** The buttons of all tiles share one form and have no type: htmx follows every form and every [type=submit] of a page, which took a phone
 * a third of a second. A press that is on its way is not sent twice. */
function onAct(event) {
  const { target: form, submitter: button } = event;
  if (form.id !== "tile-form") return;
  event.preventDefault();
  if (button.ariaBusy === "true") return;
  button.ariaBusy = "true";
  const done = () => (button.ariaBusy = "false");
  window.htmx.ajax("POST", button.getAttribute("formaction"), { source: button, swap: "none" }).then(done, done);
}

/** Back leads to the tile again, also in a browser that has to load the page: its address gets the place. */
function onOpen(event) {
  const link = event.target.closest?.("[data-place] .tile a.over");
  if (!link || event.defaultPrevented || event.ctrlKey || event.metaKey || event.shiftKey || event.altKey) return;
  const tile = link.closest(".tile");
  const here = new URL(location.href);
  for (const name of ["before", "at"]) here.searchParams.delete(name);
  here.searchParams.set("near", tile.dataset.video);
  here.hash = tile.id;
  history.scrollRestoration = "manual";
  history.replaceState({ ...history.state, top: tile.getBoundingClientRect().top }, "", here);
}

function comeBack() {
  const id = location.hash.startsWith("#v-") && location.hash.slice(3);
  const tile = id && (document.getElementById(`v-${id}`) ?? document.querySelector(`[data-stack~="${CSS.escape(id)}"]`));
  if (!tile) return;
  const focus = () => document.activeElement === document.body && tile.querySelector("a.over")?.focus({ preventScroll: true });
  focus();
  addEventListener("load", () => requestAnimationFrame(focus)); // a browser that goes to a fragment takes the focus away
  tile.closest(".gallery")?.classList.add("whole"); // days that took their height only when they come near would push the tile away
  const top = history.state?.top ?? innerHeight / 3;
  const stay = (frames) => {
    scrollBy({ top: tile.getBoundingClientRect().top - top, behavior: "instant" });
    if (frames) requestAnimationFrame(() => stay(frames - 1));
  };
  stay(3);
}

/** Note, for the pages of all tabs, that something is changed; `isShown`: this page will show it without being loaded again. */
function noteChange(isShown) {
  localStorage.setItem(CHANGED, Date.now());
  if (isShown) shown = localStorage.getItem(CHANGED);
}

/** Reload a wall or a video's page that Back restores from memory, if anything was changed since it was shown. */
function onShow(event) {
  const isOld = event.persisted && localStorage.getItem(CHANGED) !== shown;
  if (isOld && document.querySelector(".wall, [data-player]")) location.reload();
}

/** The rail marks the month that is read. */
function markMonth() {
  const links = document.querySelectorAll(".rail a");
  if (!links.length) return;
  const days = [...document.querySelectorAll(".day")];
  const month = days.find((day) => day.getBoundingClientRect().bottom > innerHeight / 4)?.dataset.month;
  for (const link of links) {
    if (link.dataset.month === month) link.setAttribute("aria-current", "true");
    else link.removeAttribute("aria-current");
  }
}

export function start() {
  document.addEventListener("click", onOpen);
  document.addEventListener("scrollend", markMonth);
  comeBack();
  markMonth();
  document.addEventListener("submit", onSize);
  document.addEventListener("submit", onAct);
  document.addEventListener("pointerover", onEnter);
  document.addEventListener("pointerout", onLeave);
  document.addEventListener("focusin", onEnter);
  document.addEventListener("focusout", onLeave);
  document.addEventListener("keydown", onArrow);
  addEventListener("pagehide", stop);
  shown = localStorage.getItem(CHANGED);
  document.addEventListener("submit", (event) => event.target.method === "post" && noteChange(event.defaultPrevented));
  document.addEventListener("htmx:beforeSend", ({ detail }) => detail.requestConfig.verb !== "get" && noteChange(true));
  addEventListener("pageshow", onShow);
}
