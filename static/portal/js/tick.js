// Live updates: one small question every few seconds. Percent and text are written into nodes that are there;
// only a changed state fetches that one card again, so focus, open details and playing videos survive.

import { keepFocus } from "./focus.js";
import { announce, send, text } from "./net.js";
import * as notices from "./notices.js";

const BUSY_MS = 2000;
const IDLE_MS = 10000;
const WORST_MS = 30000;
const LOST_AFTER = 3;
const ANNOUNCE_EVERY_MS = 5000;
const OVER = ["succeeded", "failed", "cancelled"];
const NOBODY = "00000000-0000-0000-0000-000000000000";

const page = {
  url: "",
  cursor: "",
  mine: 0,
  failures: 0,
  timer: 0,
  paused: false,
  lastContact: Date.now(),
  nextTry: 0,
  announcedAt: 0,
  asking: false,
};

/** A hidden page asks only if its person wants to hear what ends, and seldom. */
function mayAsk() {
  return !document.hidden || notices.wants("sound") || notices.wants("browser") || (notices.wants("title") && page.mine > 0);
}

function delay() {
  const [busy, idle] = document.hidden ? [IDLE_MS, WORST_MS] : [BUSY_MS, IDLE_MS];
  const calm = page.mine > 0 ? busy : idle;
  if (!page.failures) return calm;
  return Math.min(WORST_MS, calm * 2 ** page.failures) * (0.75 + Math.random() / 2);
}

function plan(wait = delay()) {
  clearTimeout(page.timer);
  page.nextTry = Date.now() + wait;
  if (!page.paused && mayAsk()) page.timer = setTimeout(tick, wait);
}

async function tick() {
  if (page.asking) return;
  page.asking = true;
  try {
    const reply = await send(`${page.url}?since=${encodeURIComponent(page.cursor)}`, {
      headers: { Accept: "application/json" },
    });
    if (reply.redirected || reply.status === 401 || reply.status === 403) return location.reload();
    if (!reply.ok) throw new Error(String(reply.status));
    if (reply.status !== 204) apply(await reply.json());
    contact();
  } catch {
    page.failures += 1;
  } finally {
    page.asking = false;
  }
  showContact();
  plan();
}

/** The browser knows at once that there is no network; a server that does not answer is noticed after some ticks. */
function noNetwork() {
  page.failures = Math.max(page.failures, LOST_AFTER);
  showContact();
}

function contact() {
  page.failures = 0;
  page.lastContact = Date.now();
}

function apply(news) {
  page.cursor = news.cursor;
  if ("mine" in news) setMine(news.mine);
  notices.told(news);
  for (const task of news.tasks) {
    const nodes = document.querySelectorAll(`[data-task="${CSS.escape(task.id)}"]`);
    for (const node of nodes) {
      if (node.dataset.state === task.state) progress(node, task);
      else replace(node, task);
    }
    const list = document.querySelector("[data-newcomers]");
    if (!nodes.length && list && wanted(list, task)) welcome(list, task);
  }
}

/** A list shows the person's own new tasks, or everybody's; it ignores tasks that were over before it was loaded, and those of batches if
 * it has a line for each batch. */
function wanted(list, task) {
  return !(task.batch && "grouped" in list.dataset) && (task.own || list.dataset.newcomersOf === "all") && !OVER.includes(task.state);
}

/** A task that began elsewhere (another tab, Run again, the API) gets its card at the top. */
async function welcome(list, task) {
  const reply = await send(list.dataset.newcomers.replace(NOBODY, task.id), { headers: { "HX-Request": "true" } });
  if (!reply.ok || document.querySelector(`[data-task="${CSS.escape(task.id)}"]`)) return;
  const template = document.createElement("template");
  template.innerHTML = (await reply.text()).trim();
  const fresh = [...template.content.children];
  list.insertBefore(template.content, list.querySelector("[data-task]"));
  fresh.forEach((element) => window.htmx?.process(element));
  document.body.dispatchEvent(new CustomEvent("portal:task", { detail: task }));
}

/** The form's answer and `welcome` may bring the same card; the first one stays. */
function dropTwins(list) {
  const seen = new Set();
  for (const node of list.querySelectorAll("[data-task]")) {
    if (seen.has(node.dataset.task)) node.remove();
    seen.add(node.dataset.task);
  }
}

function progress(node, task) {
  const known = Number.isFinite(task.pct);
  for (const bar of node.querySelectorAll("[data-pct]")) {
    const percent = Math.max(Number(bar.dataset.pct) || 0, task.pct ?? 0); // a bar never goes back
    bar.dataset.pct = percent;
    bar.classList.toggle("unknown", !known);
    bar.style.setProperty("--p", `${percent}%`);
    if (known) bar.setAttribute("aria-valuenow", percent);
    for (const label of node.querySelectorAll("[data-pct-text]")) label.textContent = known ? `${percent}%` : "";
  }
  for (const label of node.querySelectorAll("[data-text]")) label.textContent = task.text ?? "";
}

async function replace(node, task) {
  const before = node.dataset.state;
  node.dataset.state = task.state; // so that the next tick does not fetch it twice
  try {
    const reply = await send(node.dataset.cardUrl, { headers: { "HX-Request": "true" } });
    if (!reply.ok && reply.status !== 404) throw new Error(String(reply.status));
    const html = reply.status === 404 ? "" : (await reply.text()).trim();
    const template = document.createElement("template");
    template.innerHTML = html;
    const fresh = [...template.content.children];
    keepFocus(node, () => node.replaceWith(template.content));
    fresh.forEach((element) => window.htmx?.process(element));
  } catch {
    node.dataset.state = before;
    return;
  }
  document.body.dispatchEvent(new CustomEvent("portal:task", { detail: task }));
  say(task, node.dataset.title ?? "");
}

/** Only what ended is said aloud, and at most one sentence in five seconds. */
function say(task, title) {
  const sentence = { succeeded: "task_done", failed: "task_failed" }[task.state];
  if (!sentence || Date.now() - page.announcedAt < ANNOUNCE_EVERY_MS) return;
  page.announcedAt = Date.now();
  announce(text(sentence, { title }));
}

function setMine(count) {
  page.mine = count;
  notices.setTitle(count);
  for (const badge of document.querySelectorAll("[data-mine]")) {
    badge.hidden = count === 0;
    badge.querySelector("[data-mine-count]").textContent = count;
  }
}

function showContact() {
  const note = document.getElementById("offline");
  if (!note) return;
  note.hidden = page.failures < LOST_AFTER;
  const seconds = (ms) => Math.max(0, Math.round(ms / 1000));
  note.querySelector("[data-offline-since]").textContent = text("no_contact", {
    n: seconds(Date.now() - page.lastContact),
  });
  note.querySelector("[data-offline-next]").textContent = text("next_try", { n: seconds(page.nextTry - Date.now()) });
}

function pause(button) {
  page.paused = !page.paused;
  button.setAttribute("aria-pressed", String(page.paused));
  if (page.paused) clearTimeout(page.timer);
  else tick();
}

export function start() {
  const { tickUrl, tickCursor = "", tickMine = "0" } = document.body.dataset;
  if (!tickUrl) return;
  Object.assign(page, { url: tickUrl, cursor: tickCursor });
  setMine(Number(tickMine));
  document.addEventListener("visibilitychange", () =>
    document.hidden ? plan() : page.paused || tick(),
  );
  document.addEventListener("htmx:afterSwap", (event) => event.target.matches?.("[data-newcomers]") && dropTwins(event.target));
  document.addEventListener("htmx:beforeRequest", (event) => {
    const { target } = event; // a part of the page that asks for itself again
    if (target.matches?.("[data-live]") && (page.paused || document.hidden || target.contains(document.activeElement))) event.preventDefault();
  });
  addEventListener("offline", noNetwork);
  addEventListener("online", () => page.paused || tick());
  document.addEventListener("portal:created", () => plan(BUSY_MS / 2));
  document.addEventListener("click", (event) => {
    const button = event.target.closest("[data-live-pause]");
    if (button) pause(button);
    if (event.target.closest("[data-offline-retry]")) tick();
  });
  setInterval(() => page.failures >= LOST_AFTER && !document.hidden && showContact(), 1000);
  plan();
}
