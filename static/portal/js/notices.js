// What a person is told: the bar of notices below the header, and what ended while they look elsewhere (Settings › Notices).

import { announce, send, text } from "./net.js";

const SAYS = { succeeded: "notice_done", failed: "notice_failed", needs_review: "notice_review" };
const OVER = [...Object.keys(SAYS), "cancelled"];
const NOTES = [
  [659.3, 0],
  [987.8, 0.12],
]; // Hz, and seconds after the start
const alive = new Set();
const page = { mine: 0, unseen: 0, sound: undefined };

export function wants(what) {
  return (document.body.dataset.wishes ?? "").split(" ").includes(what);
}

/** What a tick brought: which notices the bar shows, and the tasks that changed. */
export function told({ notices, tasks }) {
  const bar = document.getElementById("notices");
  if (bar && notices && notices.join(" ") !== bar.dataset.notices.trim()) refresh(bar);
  for (const task of tasks) {
    if (!task.own) continue;
    if (!OVER.includes(task.state)) alive.add(task.id);
    else if (alive.delete(task.id) && SAYS[task.state]) ended(task);
  }
}

async function refresh(bar) {
  const reply = await send(bar.dataset.url, { headers: { "HX-Request": "true" } }).catch(() => null);
  if (!reply?.ok || reply.redirected || bar.contains(document.activeElement)) return; // the next tick tries again
  const template = document.createElement("template");
  template.innerHTML = (await reply.text()).trim();
  const fresh = template.content.firstElementChild;
  bar.replaceWith(fresh);
  window.htmx?.process(fresh);
  if (fresh.dataset.notices.trim()) announce(fresh.querySelector("p")?.textContent ?? "");
}

function ended(task) {
  if (document.hidden) page.unseen += 1;
  setTitle(page.mine);
  if (isFirstTab(task.id)) {
    if (wants("sound")) play();
    if (wants("browser") && document.hidden) show(task);
  }
}

/** Of several tabs one makes the sound. */
function isFirstTab(id) {
  try {
    if (localStorage.getItem("told") === id) return false;
    localStorage.setItem("told", id);
  } catch {
    // a browser without storage: each tab tells
  }
  return true;
}

function show(task) {
  if (!("Notification" in window) || Notification.permission !== "granted") return;
  try {
    const note = new Notification(text(SAYS[task.state]), { tag: task.id, body: document.title.replace(/^\([^)]*\) /, "") });
    note.addEventListener("click", () => {
      window.focus();
      note.close();
    });
  } catch {
    // phones show notifications of installed apps only
  }
}

/** Two notes of our own; a browser plays them once the page was pressed. */
function play() {
  page.sound ??= new AudioContext();
  page.sound.resume();
  for (const [pitch, after] of NOTES) {
    const at = page.sound.currentTime + after;
    const [tone, loudness] = [page.sound.createOscillator(), page.sound.createGain()];
    tone.frequency.value = pitch;
    loudness.gain.setValueAtTime(0.0001, at);
    loudness.gain.exponentialRampToValueAtTime(0.2, at + 0.02);
    loudness.gain.exponentialRampToValueAtTime(0.0001, at + 0.5);
    tone.connect(loudness).connect(page.sound.destination);
    tone.start(at);
    tone.stop(at + 0.5);
  }
}

/** The count before the title: what ended unseen, or else what is under way. */
export function setTitle(mine) {
  page.mine = mine;
  const bare = document.title.replace(/^\(\d+( ✓)?\) /, "");
  const count = page.unseen ? `(${page.unseen} ✓) ` : mine > 0 ? `(${mine}) ` : "";
  document.title = wants("title") ? count + bare : bare;
}

function showPermission(place) {
  if (!("Notification" in window)) return;
  const state = Notification.permission;
  place.hidden = false;
  place.querySelector("[data-permission-state]").textContent = text(
    { granted: "notices_on", denied: "notices_off" }[state] ?? "notices_ask",
  );
  place.querySelector("[data-permission-ask]").hidden = state !== "default";
}

export function start() {
  const permission = document.querySelector("[data-permission]");
  if (permission) showPermission(permission);
  document.addEventListener("click", async (event) => {
    if (event.target.closest("[data-sound-test]")) play();
    if (event.target.closest("[data-permission-ask]")) {
      await Notification.requestPermission();
      showPermission(permission);
    }
  });
  document.addEventListener("pointerdown", () => wants("sound") && (page.sound ??= new AudioContext()).resume(), { once: true });
  document.addEventListener("visibilitychange", () => {
    if (document.hidden) return;
    page.unseen = 0;
    setTitle(page.mine);
  });
  document.addEventListener("htmx:afterSwap", (event) => {
    if (!event.detail.requestConfig?.elt?.matches("[data-dismiss]") || document.activeElement !== document.body) return;
    (document.querySelector("#notices button") ?? document.getElementById("main"))?.focus({ preventScroll: true });
  });
}
