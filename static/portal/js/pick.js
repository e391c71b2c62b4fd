// The Studio's dialog that fills a slot with a stored image, or with the first or last picture of a video.

import { csrfToken, send, text, toast } from "./main.js";
import { fill } from "./upload.js";

let slot = null;

function dialog() {
  return document.getElementById("pick");
}

async function load(query, { more = null } = {}) {
  const list = dialog().querySelector("[data-pick-list]");
  const reply = await send(more ?? `${dialog().dataset.pickUrl}${query}`).catch(() => null);
  if (!reply?.ok) return toast(text("send_failed"), "bad");
  const template = document.createElement("template");
  template.innerHTML = await reply.text();
  list.querySelector("[data-pick-more]")?.remove();
  if (more) list.append(template.content);
  else list.replaceChildren(template.content);
}

function choose(id, url) {
  if (slot?.isConnected) fill(slot, id, url);
  dialog().close();
}

async function takeFrame(button) {
  button.disabled = true;
  const body = new FormData();
  body.append("at_s", button.dataset.at);
  const reply = await fetch(button.dataset.frameUrl, {
    method: "POST",
    body,
    headers: { "X-Requested-With": "fetch", "X-CSRFToken": csrfToken() },
  }).catch(() => null);
  button.disabled = false;
  const answer = await reply?.json().catch(() => null);
  if (!reply?.ok) return toast(answer?.error?.message ?? text("send_failed"), "bad");
  choose(answer.id, answer.url);
}

function onClick(event) {
  const opener = event.target.closest("[data-slot-pick]");
  if (opener) {
    event.preventDefault();
    slot = opener.closest("[data-slot]");
    dialog().showModal();
    for (const tab of dialog().querySelectorAll("[data-pick-from]")) tab.setAttribute("aria-pressed", String(!tab.dataset.pickFrom));
    return load("");
  }
  const button = event.target.closest("#pick button");
  if (!button) return;
  const { pickFrom, image, src, frameUrl, pickMore } = button.dataset;
  if (pickFrom !== undefined) {
    for (const tab of dialog().querySelectorAll("[data-pick-from]")) tab.setAttribute("aria-pressed", String(tab === button));
    load(pickFrom);
  }
  if (image) choose(image, src);
  if (frameUrl) takeFrame(button);
  if (pickMore) load("", { more: pickMore });
}

function start() {
  document.addEventListener("click", onClick);
}

start();
