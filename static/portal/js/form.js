// Forms: what makes typing and choosing quicker. Every form also works without it.

import { imageUrl } from "./net.js";

const DRAFT = "portal.draft";

function nudge(button) {
  const input = button.closest(".stepper").querySelector("input");
  if (button.dataset.step < 0) input.stepDown();
  else input.stepUp();
  input.dispatchEvent(new Event("input", { bubbles: true }));
  input.dispatchEvent(new Event("change", { bubbles: true }));
}

function count(area) {
  const label = document.getElementById(area.dataset.count);
  if (!label) return;
  const length = [...area.value].length;
  const { template, max } = label.dataset;
  label.textContent = template
    .replace("{n}", length.toLocaleString(document.documentElement.lang))
    .replace("{max}", Number(max).toLocaleString(document.documentElement.lang));
  label.classList.toggle("over", Boolean(Number(max)) && length > Number(max));
}

function setValue(selector, value) {
  const input = document.querySelector(selector);
  input.value = value;
  input.dispatchEvent(new Event("input", { bubbles: true }));
  input.focus();
}

function narrow(search) {
  const words = search.value.trim().toLowerCase();
  for (const item of document.querySelectorAll(`${search.dataset.filter} .item`))
    item.hidden = !item.textContent.toLowerCase().includes(words);
}

/** Values survive a change of model: what fits is put back, what does not stays stored for a model that has it. */
function keep(form) {
  const draft = JSON.parse(sessionStorage.getItem(DRAFT) ?? "{}");
  for (const field of form.elements) {
    if (!field.name || field.type === "file" || "once" in field.dataset || field.name === "csrfmiddlewaretoken")
      continue;
    if (field.type === "radio") field.checked && (draft[field.name] = field.value);
    else draft[field.name] = field.type === "checkbox" ? field.checked : field.value;
  }
  sessionStorage.setItem(DRAFT, JSON.stringify(draft));
}

function restore(form) {
  const stored = sessionStorage.getItem(DRAFT);
  if (!stored || !sessionStorage.getItem(`${DRAFT}.back`)) return;
  sessionStorage.removeItem(`${DRAFT}.back`);
  const draft = JSON.parse(stored);
  for (const field of form.elements) {
    if (!(field.name in draft) || "once" in field.dataset || field.type === "file") continue;
    if (field.type === "radio")
      field.checked = field.value === draft[field.name] || (field.checked && !has(form, field.name, draft[field.name]));
    else if (field.type === "checkbox") field.checked = draft[field.name] === true;
    else if (field.tagName !== "SELECT" || has(form, field.name, draft[field.name])) field.value = draft[field.name];
  }
  for (const slot of form.querySelectorAll("[data-slot]")) showPicture(slot);
  for (const note of form.querySelectorAll("[data-kept]"))
    note.hidden = !lost(form, draft, note.dataset.kept.split(" "));
}

/** A slot whose image id was put back shows that image again. */
function showPicture(slot) {
  const id = slot.querySelector("[data-slot-value]").value;
  if (!id || !slot.dataset.imageUrl) return;
  slot.querySelector("img").src = imageUrl(slot, id);
  slot.classList.add("full");
}

function has(form, name, value) {
  const field = form.elements[name];
  return field instanceof RadioNodeList
    ? [...field].some((one) => one.value === value)
    : [...(field.options ?? [])].some((one) => one.value === value);
}

function lost(form, draft, names) {
  return names.some((name) => draft[name] && !form.elements[name]);
}

function onClick(event) {
  const target = event.target.closest("[data-step], [data-random], [data-clear], [data-model-link]");
  if (!target) return;
  const { step, random, clear, modelLink } = target.dataset;
  if (step) nudge(target);
  if (random) setValue(random, String(crypto.getRandomValues(new Uint32Array(1))[0] >>> 1));
  if (clear) setValue(clear, "");
  const form = modelLink !== undefined && document.querySelector("form[data-keep]");
  if (form) {
    keep(form);
    sessionStorage.setItem(`${DRAFT}.back`, "yes");
  }
}

function onKey(event) {
  if (event.key !== "Enter" || !(event.ctrlKey || event.metaKey) || event.isComposing) return;
  const form = event.target.closest?.("form[data-generate]") ?? document.querySelector("form[data-generate]");
  if (!form || document.querySelector("dialog[open]")) return;
  event.preventDefault();
  if (!event.repeat) form.requestSubmit();
}

export function start() {
  document.addEventListener("click", onClick);
  document.addEventListener("keydown", onKey);
  document.addEventListener("input", (event) => {
    if (event.target.dataset?.count) count(event.target);
    if (event.target.dataset?.filter) narrow(event.target);
  });
  document.addEventListener("htmx:afterSettle", (event) => {
    event.target.querySelectorAll?.("[data-count]").forEach(count);
    event.target.querySelector?.("[aria-invalid='true'], [data-invalid]")?.focus();
  });
  document.querySelectorAll("form[data-keep]").forEach(restore);
  document.querySelectorAll("[data-count]").forEach(count);
}
