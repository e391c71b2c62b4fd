// Toasts: short messages at the edge of the page. Those the server rendered and those made here behave alike.

import { announce } from "./net.js";

const SHOWN_MS = 6000;
const UNDO_MS = 15000;

function expire(toast) {
  const shown = toast.querySelector("form") ? UNDO_MS : SHOWN_MS;
  let timer = setTimeout(() => toast.remove(), shown);
  toast.addEventListener("pointerenter", () => clearTimeout(timer));
  toast.addEventListener("pointerleave", () => (timer = setTimeout(() => toast.remove(), shown)));
  toast.addEventListener("focusin", () => clearTimeout(timer));
}

/** Show `message`; tone is "info", "ok" or "bad"; `undo` is the address that takes it back. What went wrong stays until it is closed. */
export function toast(message, tone = "info", undo = "") {
  const template = document.getElementById(undo ? "toast-undo" : `toast-${tone}`);
  const region = document.getElementById("toasts");
  if (!template || !region) return;
  const node = template.content.firstElementChild.cloneNode(true);
  node.querySelector("[data-toast-text]").textContent = message;
  if (undo) {
    const form = node.querySelector("form");
    form.action = undo;
    form.setAttribute("hx-post", undo);
    form.setAttribute("hx-swap", "none");
  } else {
    for (const shown of region.querySelectorAll("[data-toast-text]"))
      if (shown.textContent === message) shown.closest(".toast").remove(); // said twice it is one message
  }
  region.append(node);
  if (undo) window.htmx?.process(node);
  announce(message);
  if (tone !== "bad") expire(node);
}

export function start() {
  document.querySelectorAll("#toasts .toast:not(.bad)").forEach(expire);
  document.addEventListener("click", (event) => event.target.closest("[data-toast-close]")?.closest(".toast").remove());
  document.addEventListener("htmx:afterRequest", (event) => {
    if (event.detail.successful) event.target.closest?.(".toast")?.remove(); // otherwise Undo can be pressed again
  });
}
