// Image slots: drop, paste or browse; checked here first, sent at once, and the form posts only the asset's id.
// Until that id is there, and while the file is refused, the form posts the file itself: no image is left out unnoticed.

import { openCrop } from "./crop.js";
import { csrfToken, imageUrl, text } from "./main.js";

const MB = 1024 * 1024;
const MEGAPIXEL = 1e6;
const STORED_OTHERWISE = ["image/gif", "image/tiff"]; // of a GIF the first picture; a TIFF most browsers cannot draw

/** Return the kind by the file's suffix: some systems have no type for HEIC. */
const kindOf = (file) => (/\.(\w{1,8})$/.exec(file.name)?.[1] ?? file.type.split("/").pop()).toUpperCase();

async function fault(slot, file) {
  const { types, maxBytes, maxPixels, minSide, minRatio, maxRatio } = slot.dataset;
  if (types && !types.split(",").includes(file.type)) return text("image_type", { kind: kindOf(file) });
  if (maxBytes && file.size > Number(maxBytes)) return text("image_large", { n: Math.floor(maxBytes / MB) });
  const picture = await createImageBitmap(file).catch(() => null);
  if (!picture) return STORED_OTHERWISE.includes(file.type) ? "" : text("image_broken");
  const { width, height } = picture;
  picture.close();
  if (maxPixels && width * height > Number(maxPixels)) return text("image_pixels", { n: Math.floor(maxPixels / MEGAPIXEL) });
  if (minSide && Math.min(width, height) < Number(minSide)) return text("image_small", { n: minSide });
  const ratio = width / height;
  if (ratio < Number(minRatio || 0) || ratio > Number(maxRatio || Infinity))
    return text("image_ratio", { width, height, low: minRatio, high: maxRatio });
  return "";
}

function transfer(slot, file) {
  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest();
    const body = new FormData();
    body.append("file", file);
    request.open("POST", slot.dataset.uploadUrl);
    request.setRequestHeader("X-CSRFToken", csrfToken());
    request.responseType = "json";
    request.upload.onprogress = (event) => {
      slot.querySelector(".bar").style.setProperty("--p", `${Math.round((100 * event.loaded) / event.total)}%`);
    };
    request.onload = () =>
      request.status < 300 && request.response?.id
        ? resolve(request.response)
        : reject(new Error(request.response?.error?.message ?? text("upload_failed")));
    request.onerror = () => reject(new Error(text("upload_failed")));
    slot.upload = request;
    request.send(body);
  });
}

async function take(slot, file) {
  hold(slot, file);
  const wrong = await fault(slot, file);
  complain(slot, wrong);
  if (wrong) return offerFit(slot, file);
  const picture = slot.querySelector("img");
  picture.src = URL.createObjectURL(file);
  slot.classList.add("busy");
  try {
    const { id } = await transfer(slot, file);
    if (!slot.isConnected) return arriveLate(slot, id);
    fill(slot, id, STORED_OTHERWISE.includes(file.type) ? imageUrl(slot, id) : picture.src);
  } catch (error) {
    empty(slot);
    hold(slot, file);
    complain(slot, error.message);
  }
}

/** Offer to cut and shrink an image that is too large for the model or has another shape: the server stores it, then makes it fit. */
function offerFit(slot, file) {
  const button = slot.closest("fieldset").querySelector("[data-fit]");
  if (!button || !document.getElementById("crop")) return;
  button.hidden = false;
  button.onclick = async () => {
    button.hidden = true;
    slot.classList.add("busy");
    try {
      const { url, width, height } = await transfer(slot, file);
      openCrop(url, `${url}crop`, { ...fitting(slot, width / height), take: (made) => fill(slot, made.id, made.url) });
    } catch (error) {
      complain(slot, error.message);
    }
    slot.classList.remove("busy");
  };
}

/** Return the limits of the slot, and the nearest shape that it takes if the image has another one. */
function fitting(slot, ratio) {
  const { maxBytes, maxPixels, minRatio, maxRatio } = slot.dataset;
  const nearest = Math.min(Math.max(ratio, Number(minRatio || 0)), Number(maxRatio || Infinity));
  return { ratio: nearest === ratio ? "" : nearest, limits: { bytes: maxBytes, pixels: maxPixels } };
}

/** Give the image to the draft, because the form has changed its model since. */
function arriveLate(slot, id) {
  const { name } = slot.querySelector("[data-slot-value]");
  document.dispatchEvent(new CustomEvent("portal:image", { detail: { name, id } }));
}

/** Put what was dropped or pasted into the file field, as if it had been chosen there. */
function hold(slot, file) {
  const held = new DataTransfer();
  held.items.add(file);
  slot.querySelector("input[type=file]").files = held.files;
}

/** Show what is wrong beside the slots, where the server's errors about images are shown too. */
function complain(slot, wrong) {
  slot.classList.toggle("bad", Boolean(wrong));
  const place = slot.closest("fieldset").querySelector("[data-slot-fault]");
  place.hidden = !wrong;
  place.querySelector("[data-fit]")?.setAttribute("hidden", "");
  place.querySelector("[data-fault-text]").textContent = wrong;
}

/** Show this stored image in the slot; the form sends its id. */
export function fill(slot, id, source) {
  slot.querySelector("[data-slot-value]").value = id;
  slot.querySelector("img").src = source;
  slot.querySelector("input[type=file]").value = "";
  slot.classList.remove("busy");
  slot.classList.add("full");
  complain(slot, "");
  offerAnother(slot);
  slot.dispatchEvent(new Event("change", { bubbles: true }));
}

function empty(slot) {
  slot.upload?.abort();
  slot.querySelector("[data-slot-value]").value = "";
  slot.querySelector("img").removeAttribute("src");
  slot.querySelector("input[type=file]").value = "";
  slot.classList.remove("busy", "full", "bad");
}

/** A slot that takes several images offers an empty twin until its limit is reached. */
function offerAnother(slot) {
  const name = slot.querySelector("[data-slot-value]").name;
  const twins = [...slot.parentElement.querySelectorAll("[data-slot]")].filter(
    (other) => other.querySelector("[data-slot-value]").name === name,
  );
  if (twins.length >= Number(slot.dataset.max || 1) || twins.some((twin) => !twin.matches(".full, .busy"))) return;
  const twin = slot.cloneNode(true);
  empty(twin);
  slot.after(twin);
}

function freeSlot() {
  return [...document.querySelectorAll("[data-slot]")].find((item) => !item.matches(".full, .busy"));
}

/** Put a file that is dropped beside a slot into the first free one; ignore it elsewhere. The browser would open it. */
function drop(event) {
  if (![...(event.dataTransfer?.types ?? [])].includes("Files")) return;
  event.preventDefault();
  const slot = event.target.closest?.("[data-slot]") ?? (event.target.closest?.("form[data-generate]") ? freeSlot() : null);
  event.dataTransfer.dropEffect = slot ? "copy" : "none";
  slot?.classList.toggle("is-over", event.type === "dragover");
  if (event.type === "drop" && slot && event.dataTransfer.files[0]) take(slot, event.dataTransfer.files[0]);
}

function paste(event) {
  const file = [...(event.clipboardData?.files ?? [])].find((item) => item.type.startsWith("image/"));
  const slot = freeSlot();
  if (!file || !slot) return;
  event.preventDefault();
  take(slot, file);
}

function swap(button) {
  const [one, other] = button.parentElement.querySelectorAll("[data-slot]");
  const held = [one, other].map((slot) => ({
    id: slot.querySelector("[data-slot-value]").value,
    source: slot.querySelector("img").getAttribute("src"),
  }));
  [other, one].forEach((slot, index) =>
    held[index].id ? fill(slot, held[index].id, held[index].source) : empty(slot),
  );
  one.dispatchEvent(new Event("change", { bubbles: true }));
}

function onClick(event) {
  const remove = event.target.closest("[data-slot-remove]");
  const exchange = event.target.closest("[data-slot-swap]");
  if (remove) {
    event.preventDefault();
    const slot = remove.closest("[data-slot]");
    empty(slot);
    complain(slot, "");
    slot.dispatchEvent(new Event("change", { bubbles: true }));
  }
  if (exchange) swap(exchange);
}

function start() {
  document.addEventListener("change", (event) => {
    const slot = event.target.closest?.("[data-slot]");
    if (slot && event.target.files?.[0]) take(slot, event.target.files[0]);
  });
  for (const name of ["dragover", "dragleave", "drop"]) document.addEventListener(name, drop);
  document.addEventListener("paste", paste);
  document.addEventListener("click", onClick);
}

start();
