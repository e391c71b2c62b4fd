// Toasts: short messages at the edge of the page. Those the server rendered and those made here behave alike.

import { announce } from "./net.js";

const SHOWN_MS = 6000;

function expire(toast) {
  let timer = setTimeout(() => toast.remove(), SHOWN_MS);
  toast.addEventListener("pointerenter", () => clearTimeout(timer));
  toast.addEventListener("pointerleave", () => (timer = setTimeout(() => toast.remove(), SHOWN_MS)));
  toast.addEventListener("focusin", () => clearTimeout(timer));
}

/** Show `message`; tone is "info", "ok" or "bad". What went wrong stays until it is closed. */
export function toast(message, tone = "info") {
  const template = document.getElementById(`toast-${tone}`);
  const region = document.getElementById("toasts");
  if (!template || !region) return;
  const node = template.content.firstElementChild.cloneNode(true);
  node.querySelector("[data-toast-text]").textContent = message;
  for (const shown of region.querySelectorAll("[data-toast-text]"))
    if (shown.textContent === message) shown.closest(".toast").remove(); // said twice it is one message
  region.append(node);
  announce(message);
  if (tone !== "bad") expire(node);
}

export function start() {
  document.querySelectorAll("#toasts .toast:not(.bad)").forEach(expire);
  document.addEventListener("click", (event) => event.target.closest("[data-toast-close]")?.closest(".toast").remove());
}
