// Selecting videos on a wall: ranges, whole days, and keys of the tile that has the focus. The boxes belong to the form #selection, so the
// selection is sent without a script too.

import { isQuiet } from "./main.js";

let last = null;
let shift = false; // a key that presses a box makes a click without it

const boxes = () => [...document.querySelectorAll(".tile:not([hidden]) > .pick input")];
const form = () => document.getElementById("selection");

function show() {
  const bar = form();
  if (!bar) return;
  const chosen = boxes().reduce((sum, box) => sum + (box.checked ? box.value.split(" ").length : 0), 0); // a stack is several
  const words = bar.querySelector(".n");
  const { one, many, all, total } = words.dataset;
  const said = bar.elements.all.checked ? all.replace("{n}", total) : chosen === 1 ? one : many.replace("{n}", chosen);
  if (words.textContent !== said) words.textContent = said;
  for (const day of document.querySelectorAll(".day")) {
    const own = [...day.querySelectorAll(".tile:not([hidden]) > .pick input")];
    const box = day.querySelector("[data-pick-day]");
    if (box) box.checked = own.length > 0 && own.every((one) => one.checked);
  }
}

/** Who takes a video out no longer means all that match, also once others are chosen: the bar hides with the last one. */
function leaveAll() {
  const bar = form();
  if (bar) bar.elements.all.checked = false;
}

/** Clear the selection, which hides the bar. A focus in the bar moves to the first chosen tile; bin.js moves it on if that goes to the bin. */
function clear() {
  const first = boxes().find((box) => box.checked);
  if (form()?.contains(document.activeElement)) first?.closest(".tile").querySelector("a.over").focus({ preventScroll: true });
  for (const box of boxes()) box.checked = false;
  leaveAll();
  last = null;
  show();
}

function onClick(event) {
  const box = event.target.closest?.(".pick input");
  if (!box) return;
  const all = boxes();
  const [from, to] = [all.indexOf(last), all.indexOf(box)];
  if ((event.shiftKey || shift) && from >= 0) {
    for (const one of all.slice(Math.min(from, to), Math.max(from, to) + 1)) one.checked = box.checked;
  }
  last = box;
  if (!box.checked) leaveAll();
  show();
}

function onChange(event) {
  const day = event.target.closest?.("[data-pick-day]");
  if (day) for (const box of day.closest(".day").querySelectorAll(".tile:not([hidden]) > .pick input")) box.checked = day.checked;
  if (day && !day.checked) leaveAll();
  if (day || event.target.form === form()) show();
}

function rate(tile, rating) {
  window.htmx.ajax("POST", tile.dataset.rate, { source: tile, swap: "none", values: { rating } });
}

function onKey(event) {
  shift = event.shiftKey;
  if (event.key === "Escape" && !document.querySelector("dialog[open], details.menu[open]") && boxes().some((box) => box.checked)) clear();
  const tile = event.target.closest?.(".tile[data-rate]");
  if (tile && /^[0-5]$/.test(event.key) && !isQuiet(event)) {
    event.preventDefault();
    rate(tile, event.key);
  }
}

function tell(id, state) {
  document.dispatchEvent(new CustomEvent("portal:video", { detail: { id, state } }));
}

/** The server says which videos were changed. */
function onChanged({ detail: { ids, action, starred } }) {
  if (action === "bin") {
    clear();
    for (const id of ids) tell(id, "binned");
  } else if (action === "restore") {
    for (const id of ids) tell(id, "kept");
  } else if (action === "star") {
    for (const id of ids) {
      const button = document.getElementById(`star-${id}`);
      button?.classList.toggle("on", starred);
      button?.setAttribute("aria-pressed", starred);
    }
  }
  for (const menu of document.querySelectorAll(".selbar details[open]")) menu.open = false;
  show();
}

function start() {
  document.addEventListener("click", onClick);
  document.addEventListener("change", onChange);
  document.addEventListener("reset", (event) => event.target === form() && clear());
  document.addEventListener("keydown", onKey, { capture: true });
  document.addEventListener("keyup", (event) => (shift = event.shiftKey), { capture: true });
  document.addEventListener("portal:changed", onChanged);
  addEventListener("blur", () => (shift = false)); // it may be let go in another window
  addEventListener("pageshow", show); // Back keeps what was chosen
}

start();
