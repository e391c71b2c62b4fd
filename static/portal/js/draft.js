// The Studio's draft: what the person typed and chose, apart from what a model sets by itself. It is kept in this browser for this person, so
// it survives a change of model, a reload, another page and a new sign-in. Where a model has no place for a choice, the draft still has it.

import { imageUrl } from "./main.js";
import { fill } from "./upload.js";

const KEY = `portal.draft.${document.body.dataset.user}`;
const STORES = [sessionStorage, localStorage]; // a tab has its own draft; a new tab begins with the newest
const NEVER_KEPT = "[type=file], [data-once], [data-slot-value], [name=csrfmiddlewaretoken], [name^='vary-'], [name^='use-']";

let restoring = false;

function read() {
  for (const store of STORES) {
    try {
      const { model = "", values = {}, images = {} } = JSON.parse(store.getItem(KEY));
      return { model, values, images };
    } catch {} // nothing is stored, or a browser that forbids it
  }
  return { model: "", values: {}, images: {} };
}

function write(draft) {
  for (const store of STORES) {
    try {
      store.setItem(KEY, JSON.stringify(draft));
    } catch {} // full or forbidden: the form works without
  }
}

function isYesNo(field) {
  return field.type === "checkbox";
}

/** Return every slot of the form by name, with the ids of its images in order. */
function imagesOf(form) {
  const images = {};
  for (const { name, value } of form.querySelectorAll("[data-slot-value]")) {
    images[name] ??= [];
    if (value) images[name].push(value);
  }
  return images;
}

function keep({ target }) {
  const form = target.closest?.("form[data-keep]");
  if (!form || restoring) return;
  const draft = read();
  draft.model = form.dataset.model;
  if (target.closest("[data-slot]")) Object.assign(draft.images, imagesOf(form));
  else if (target.name && !target.matches(NEVER_KEPT)) draft.values[target.name] = isYesNo(target) ? target.checked : target.value;
  write(draft);
}

/** Take the values of a form that was filled from a video or a task into the draft, for the parts that were filled. */
function adopt(form) {
  const parts = form.dataset.filled.split(",");
  const draft = { ...read(), model: form.dataset.model };
  if (parts.includes("settings")) {
    const { prompt, made_from, count } = draft.values;
    draft.values = { ...(prompt && { prompt }), ...(made_from && { made_from }), ...(count && { count }) };
    for (const field of form.elements) {
      if (!("default" in field.dataset) || (field.type === "radio" && !field.checked)) continue;
      const shown = isYesNo(field) ? (field.checked ? "True" : "False") : field.value;
      if (shown !== field.dataset.default) draft.values[field.name] = isYesNo(field) ? field.checked : field.value;
    }
  }
  if (parts.includes("prompt")) {
    draft.values.prompt = form.elements.prompt.value;
    draft.values.made_from = form.elements.made_from.value;
  }
  if (parts.includes("count")) draft.values.count = form.elements.count.value;
  if (parts.includes("images")) draft.images = imagesOf(form);
  if (form.dataset.firstFrame) draft.images.first_frame = [form.dataset.firstFrame]; // for a model that takes one
  write(draft);
}

/** Put the value into its field. Return whether the model takes it; if not, the field keeps the model's own value. */
function put(form, name, value) {
  const fields = [...form.querySelectorAll(`[name="${CSS.escape(name)}"]`)];
  const [field] = fields;
  if (!field) return false;
  if (field.type === "radio") {
    const wanted = fields.find((one) => one.value === value);
    if (wanted) wanted.checked = true;
    return Boolean(wanted);
  }
  if (isYesNo(field)) {
    field.checked = value === true;
    return true;
  }
  const before = field.value;
  field.value = value;
  const fits = field.validity.valid && field.value === value;
  if (!fits) field.value = before;
  return fits;
}

function putImages(form, name, ids) {
  for (const id of ids) {
    const places = [...form.querySelectorAll(`[data-slot-value][name="${CSS.escape(name)}"]`)];
    if (places.some((place) => place.value === id)) continue;
    const place = places.find((one) => !one.value);
    if (!place) return !ids.length;
    const slot = place.closest("[data-slot]");
    fill(slot, id, imageUrl(slot, id));
  }
  return true;
}

/** Fill the form with the draft, and say in one line what this model has no place for. */
export function apply(form) {
  const draft = read();
  restoring = true;
  const lost = Object.entries(draft.values).filter(([name, value]) => !put(form, name, value) && value);
  const unused = Object.entries(draft.images).filter(([name, ids]) => !putImages(form, name, ids) && ids.length);
  restoring = false;
  showLost(form, [...unused, ...lost].map(([name]) => name));
}

/** Ask for the price if the draft filled something in: the page's price is that of the model's own values. */
export function askPrice(form) {
  const { values, images } = read();
  if (Object.keys(values).length || Object.keys(images).length) form.dispatchEvent(new Event("change", { bubbles: true }));
}

function showLost(form, names) {
  const note = form.querySelector("[data-kept]");
  const titles = JSON.parse(document.getElementById("setting-titles").textContent);
  const known = names.map((name) => titles[name]).filter(Boolean);
  note.hidden = !known.length;
  note.querySelector("[data-kept-text]").textContent = note.dataset.kept.replace("{titles}", known.join(note.dataset.comma));
}

/** Return the draft's model if the page was opened without naming one and shows another, else an empty text. */
export function modelWanted(form) {
  const { model } = read();
  return new URLSearchParams(location.search).has("model") || model === form.dataset.model ? "" : model;
}

export function chooseModel(name) {
  write({ ...read(), model: name });
}

/** Add an image whose upload ended after the form had changed its model. */
function addImage({ detail: { name, id } }) {
  const draft = read();
  draft.images[name] = [...(draft.images[name] ?? []), id];
  write(draft);
  const form = document.querySelector("form[data-keep]");
  if (form) apply(form);
}

function start() {
  const form = document.querySelector("form[data-keep]");
  if (!form) return;
  for (const name of ["input", "change"]) document.addEventListener(name, keep);
  document.addEventListener("portal:image", addImage);
  document.addEventListener("htmx:afterSettle", () => {
    const filled = document.querySelector("form[data-filled]"); // the server put a template, style or platform into the form
    if (!filled) return;
    adopt(filled);
    delete filled.dataset.filled;
  });
  if (form.dataset.filled) {
    adopt(form);
    if (!form.elements.prompt.value) apply(form); // what was filled in has no prompt: the one that was typed stays
    delete form.dataset.filled;
    history.replaceState(null, "", form.dataset.url); // a reload shows the draft, which may have changed since
    showLost(form, []);
  } else {
    apply(form);
    document.addEventListener("DOMContentLoaded", () => askPrice(form)); // htmx listens by then
  }
}

start();
