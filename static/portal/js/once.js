// One press, one request: while a form is being sent, and for a moment after its answer, further presses are dropped. A change in the form
// ends that moment. The server orders nothing twice either way (docs/adr/0014); here an unintended press is not sent at all.

import { announce, text } from "./net.js";

const PAUSE_MS = 1000; // longer than any double click takes

/** By address, not by form: a card may be rendered again in the meantime, and a page may have two buttons for one thing. */
const blocked = new Map();

function formsOf(path) {
  return document.querySelectorAll(`form[hx-post="${CSS.escape(path)}"]`);
}

/** Not the disabled attribute: it would take the focus away from who uses the keyboard. */
function show(path) {
  for (const form of formsOf(path)) {
    for (const button of form.querySelectorAll("[type=submit]")) {
      button.setAttribute("aria-disabled", blocked.has(path));
      button.setAttribute("aria-busy", Boolean(blocked.get(path)?.sending));
    }
  }
}

function unblock(path) {
  clearTimeout(blocked.get(path)?.timer);
  blocked.delete(path);
  show(path);
}

function pause(path) {
  clearTimeout(blocked.get(path)?.timer);
  blocked.set(path, { sending: false, timer: setTimeout(unblock, PAUSE_MS, path) });
  show(path);
}

function onSubmit(event) {
  const path = event.target.getAttribute("hx-post");
  if (!path || event.defaultPrevented || !blocked.has(path)) return;
  event.preventDefault();
  event.stopImmediatePropagation();
  if (blocked.get(path).sending) announce(text("still_sending"));
  else pause(path); // somebody who still presses has not seen the answer yet
}

function onSend({ detail: { xhr, requestConfig } }) {
  const { elt, path } = requestConfig;
  if (!elt.matches("form[hx-post]")) return;
  blocked.set(path, { sending: true, changed: false });
  show(path);
  xhr.addEventListener("loadend", () => answered(path, xhr.getResponseHeader("X-Next-Key"))); // also after an error, and for a form that is gone
}

/** A new key says that the server did it, and that the next press is a new intent. */
function answered(path, key) {
  if (!key) return unblock(path);
  for (const form of formsOf(path)) form.elements.key.value = key;
  if (blocked.get(path)?.changed) unblock(path);
  else pause(path);
}

function onChange(event) {
  const path = event.target.closest?.("form[hx-post]")?.getAttribute("hx-post");
  const state = blocked.get(path);
  if (state?.sending) state.changed = true;
  else if (state) unblock(path);
}

/** A key that is held down presses a focused button again and again. */
function onKey(event) {
  if (event.repeat && event.key === "Enter" && event.target.closest?.("form") && !event.target.matches("textarea")) event.preventDefault();
}

export function start() {
  document.addEventListener("submit", onSubmit, { capture: true });
  document.addEventListener("keydown", onKey, { capture: true });
  document.addEventListener("htmx:beforeSend", onSend);
  for (const name of ["input", "change"]) document.addEventListener(name, onChange);
  addEventListener("pageshow", (event) => event.persisted && [...blocked.keys()].forEach(unblock));
}
