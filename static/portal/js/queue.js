// The Studio's queue: what renders first, then what waits, folded when that is much. What is done leaves it: it is among today's videos.

import { toast } from "./main.js";

const ORDER = { submitting: 0, running: 0, "running-cancelling": 0, ingesting: 0, needs_review: 1, queued: 3, "queued-later": 3 };
const FOLD_PLACE = 2;
const LAST = 4;

let ordered = "";

function list() {
  return document.getElementById("queue");
}

function isWaiting(item) {
  return item.dataset.state?.startsWith("queued");
}

function rank(item) {
  return "task" in item.dataset ? (ORDER[item.dataset.state] ?? LAST) : FOLD_PLACE;
}

/** Sort what waits with the oldest first, everything else with the newest first; ids are ordered by time. */
function compare(one, other) {
  const [a, b] = [one.dataset.task ?? "", other.dataset.task ?? ""];
  return rank(one) - rank(other) || (isWaiting(one) ? a.localeCompare(b) : b.localeCompare(a));
}

function arrange() {
  const queue = list();
  for (const item of queue.querySelectorAll("[data-state=succeeded]")) item.remove();
  const focused = queue.contains(document.activeElement) ? document.activeElement : null;
  const items = [...queue.children].sort(compare);
  items.forEach((item, index) => queue.children[index] !== item && queue.insertBefore(item, queue.children[index]));
  focused?.focus();
  showFold(queue);
}

function showFold(queue) {
  const fold = queue.querySelector("[data-fold]");
  const here = [...queue.children].filter(isWaiting).length;
  const count = Math.max(here, Number(document.querySelector("[data-waiting]")?.dataset.waiting) || 0);
  const label = fold.querySelector("[data-fold-text]");
  fold.hidden = count < Number(fold.dataset.foldFrom);
  label.textContent = label.dataset.foldText.replace("{n}", count.toLocaleString(document.documentElement.lang));
  queue.classList.toggle("folded", !fold.hidden && fold.dataset.fold !== "open");
  fold.firstElementChild.setAttribute("aria-expanded", String(!queue.classList.contains("folded")));
}

function onClick(event) {
  const fold = event.target.closest("#queue [data-fold]");
  if (!fold) return;
  event.preventDefault();
  fold.dataset.fold = fold.dataset.fold === "open" ? "" : "open";
  showFold(list());
}

/** Tell a person who does not see the new card, on a phone or because it is folded away. */
function tell() {
  if (!ordered) return;
  const newest = [...list().querySelectorAll("[data-task]")].sort((one, other) => other.dataset.task.localeCompare(one.dataset.task))[0];
  const box = newest?.getBoundingClientRect();
  if (!box?.height || box.top > innerHeight - 60 || box.bottom < 60) toast(ordered, "ok");
  ordered = "";
}

function start() {
  const queue = list();
  if (!queue) return;
  new MutationObserver(arrange).observe(queue, { childList: true });
  document.addEventListener("click", onClick);
  document.addEventListener("portal:created", (event) => (ordered = event.detail?.text ?? ""));
  document.addEventListener("htmx:afterSettle", () => setTimeout(tell)); // after the observer has put the card into its place
  document.addEventListener("htmx:afterSwap", () => list() && showFold(list()));
  arrange();
}

start();
