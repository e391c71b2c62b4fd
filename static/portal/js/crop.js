// The dialog that cuts a part out of a stored image. The server cuts; here the part is chosen: its shape, its size, and where it lies.

import { csrfToken, text, toast } from "./main.js";

let done = null; // what takes the new image, where it is not the page itself

function dialog() {
  return document.getElementById("crop");
}

/** Return the part in shares of the image, from the controls. */
function partOf(box) {
  const picture = box.querySelector("[data-crop-picture]");
  const whole = picture.naturalWidth / picture.naturalHeight || 1;
  const ratio = Number(box.querySelector("[data-crop-ratio]").value) || whole;
  const size = Number(box.querySelector("[data-crop-size]").value) / 100;
  const width = size * Math.min(1, ratio / whole);
  const height = size * Math.min(1, whole / ratio);
  const left = (1 - width) * (Number(box.querySelector("[data-crop-x]").value) / 100);
  const top = (1 - height) * (Number(box.querySelector("[data-crop-y]").value) / 100);
  return { left, top, width, height };
}

function show(box) {
  const part = partOf(box);
  const picture = box.querySelector("[data-crop-picture]");
  const form = box.querySelector("form");
  for (const [name, share] of Object.entries(part)) form.elements[name].value = share.toFixed(6);
  const frame = box.querySelector("[data-crop-box]");
  for (const [name, share] of Object.entries(part)) frame.style.setProperty(name, `${share * 100}%`);
  const says = box.querySelector("[data-crop-says]");
  says.textContent = says.dataset.words
    .replace("{width}", Math.round(part.width * picture.naturalWidth))
    .replace("{height}", Math.round(part.height * picture.naturalHeight));
}

/** Open the dialog for an image. `limits`: what the new one may have; `ratio`: its shape at first; `take` gets it as {id, url}. */
export function openCrop(url, action, { limits = {}, ratio = "", take = null } = {}) {
  const box = dialog();
  const form = box.querySelector("form");
  done = take;
  form.reset();
  form.action = action;
  for (const name of ["longest_px", "pixels", "bytes"]) form.elements[name].value = limits[name] ?? "";
  const shapes = box.querySelector("[data-crop-ratio]");
  shapes.querySelector("[data-own]")?.remove();
  if (ratio && ![...shapes.options].some((one) => Math.abs(one.value - ratio) < 0.002)) {
    const own = Object.assign(document.createElement("option"), { value: String(ratio), textContent: `${ratio.toFixed(2)}:1` });
    own.dataset.own = "";
    shapes.append(own);
  }
  if (ratio) shapes.value = [...shapes.options].find((one) => one.value && Math.abs(one.value - ratio) < 0.002).value;
  const picture = box.querySelector("[data-crop-picture]");
  picture.onload = () => show(box);
  picture.src = url;
  box.showModal();
}

async function onSubmit(event) {
  if (!event.target.matches("[data-crop-form]") || !done) return;
  event.preventDefault();
  const reply = await fetch(event.target.action, {
    method: "POST",
    body: new FormData(event.target),
    headers: { "X-Requested-With": "fetch", "X-CSRFToken": csrfToken() },
  }).catch(() => null);
  const answer = await reply?.json().catch(() => null);
  if (!reply?.ok) return toast(answer?.error?.message ?? text("upload_failed"), "bad");
  done(answer);
  dialog().close();
}

function start() {
  document.addEventListener("click", (event) => {
    const button = event.target.closest("[data-crop]");
    if (button) openCrop(button.dataset.crop, button.dataset.cropUrl);
  });
  document.addEventListener("submit", onSubmit);
  document.addEventListener("input", ({ target }) => {
    const box = target.closest?.("#crop");
    if (box) show(box);
  });
}

start();
