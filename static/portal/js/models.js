// The list of models: below its button, searched by words, walked by arrow keys. A choice changes the form in place and keeps the focus.

import { apply, askPrice, chooseModel, modelWanted } from "./draft.js";
import { send } from "./main.js";

let asked = 0;
let hurried = false; // Enter was pressed before the list was there

function list() {
  return document.getElementById("models");
}

function shown() {
  return [...list().querySelectorAll("a.item")].filter((item) => !item.hidden && !item.closest("[hidden]"));
}

/** The Studio's list comes when somebody is about to open it. */
function load() {
  const place = list().querySelector("[data-models]");
  if (place && !place.querySelector("a.item")) window.htmx.trigger(place, "portal:models");
}

function onLoad(event) {
  if (!event.target.matches?.("[data-models]")) return;
  mark(document.getElementById("compose").dataset.model);
  narrow(list().querySelector("input"));
  if (list().matches(":popover-open")) list().querySelector("[aria-current]")?.scrollIntoView({ block: "center" });
  if (hurried) shown()[0]?.click();
  hurried = false;
}

function mark(model) {
  for (const item of list().querySelectorAll("a.item")) item.toggleAttribute("aria-current", item.dataset.model === model);
}

/** Place the list below its button, or above it where there is more room. */
function place() {
  const box = document.querySelector("[popovertarget=models]")?.getBoundingClientRect();
  if (!box) return;
  const pop = list();
  const gap = 6;
  const below = innerHeight - box.bottom - 2 * gap;
  const above = box.top - 2 * gap;
  const isBelow = below >= Math.min(above, 320);
  pop.style.width = `${Math.min(Math.max(box.width, 380), innerWidth - 2 * gap)}px`;
  pop.style.left = `${Math.min(box.left, innerWidth - pop.offsetWidth - gap)}px`;
  pop.style.maxHeight = `${Math.min(isBelow ? below : above, 560)}px`;
  pop.style.top = isBelow ? `${box.bottom + gap}px` : "auto";
  pop.style.bottom = isBelow ? "auto" : `${innerHeight - box.top + gap}px`;
}

function narrow(search) {
  const words = search.value.toLowerCase().split(/\s+/);
  for (const group of list().querySelectorAll("[data-group]")) {
    for (const item of group.querySelectorAll("a.item")) {
      const text = `${group.dataset.group} ${item.dataset.model} ${item.textContent}`.toLowerCase();
      item.hidden = !words.every((word) => text.includes(word));
    }
    group.hidden = !group.querySelector("a.item:not([hidden])");
  }
  list().querySelector("[data-none]").hidden = shown().length > 0 || !list().querySelector("a.item");
}

function onToggle(event) {
  if (event.target !== list() || event.newState !== "open") return;
  load();
  hurried = false;
  const search = list().querySelector("input");
  search.value = "";
  narrow(search);
  place();
  list().querySelector("[aria-current]")?.scrollIntoView({ block: "center" });
  search.focus();
}

function onKey(event) {
  if (!list()?.contains(event.target) || event.isComposing) return;
  const search = list().querySelector("input");
  const items = shown();
  const at = items.indexOf(event.target);
  if (event.key === "Enter" && event.target === search) {
    hurried = !list().querySelector("a.item");
    items[0]?.click();
  }
  else if (event.key === "ArrowDown") items[at + 1]?.focus();
  else if (event.key === "ArrowUp") (items[at - 1] ?? search).focus();
  else return;
  event.preventDefault();
}

/** Return the address of the form of another model. A part of a larger form has no draft: the server puts in again what was chosen. */
function addressOf(form, model) {
  const chosen = new URLSearchParams({ model });
  if (!isKept(form))
    for (const field of form.querySelectorAll("[name]:not([name=model], [type=file], [data-slot-value])"))
      if (field.type === "checkbox" ? field.checked : field.type !== "radio" || field.checked) chosen.append(field.name, field.value);
  return `${form.dataset.formUrl}?${chosen}`;
}

function isKept(form) {
  return form.matches("form[data-keep]");
}

/** Fetch the form of another model. The page's key stays, as nothing new was shown; so does the failed task that the order replaces. */
async function change(model, href) {
  const mine = ++asked;
  const old = document.getElementById("compose");
  const had = old.contains(document.activeElement) || list().contains(document.activeElement);
  const reply = await send(addressOf(old, model)).catch(() => null);
  if (mine !== asked) return;
  if (!reply?.ok || reply.redirected) return location.assign(href);
  const template = document.createElement("template");
  template.innerHTML = (await reply.text()).trim();
  const form = template.content.firstElementChild;
  const kept = isKept(old);
  if (kept) window.htmx?.trigger(old.querySelector(".est"), "htmx:abort"); // the price of the old form has no place any more
  if (kept) for (const name of ["key", "settles"]) form.elements[name].value = old.elements[name].value;
  if (kept) for (const part of ["#vary", "#recipe"]) form.querySelector(part).replaceWith(old.querySelector(part)); // they are the same for all models
  old.replaceWith(form);
  window.htmx?.process(form);
  if (kept) {
    chooseModel(form.dataset.model);
    apply(form);
    askPrice(form);
    history.replaceState(null, "", form.dataset.url);
  }
  mark(form.dataset.model);
  document.dispatchEvent(new CustomEvent("portal:form", { detail: form }));
  if (had) form.querySelector("[popovertarget=models]").focus();
}

function onClick(event) {
  const link = event.target.closest("a[data-model]");
  if (!link || event.ctrlKey || event.metaKey || event.shiftKey) return;
  event.preventDefault();
  change(link.dataset.model, link.href);
  list().hidePopover();
}

function start() {
  const form = document.getElementById("compose");
  if (!form || !list()) return;
  list().addEventListener("toggle", onToggle);
  list().addEventListener("input", (event) => narrow(event.target));
  list().addEventListener("click", onClick);
  document.addEventListener("keydown", onKey);
  addEventListener("resize", () => list().matches(":popover-open") && place());
  for (const name of ["pointerover", "focusin"])
    document.addEventListener(name, (event) => event.target.closest?.("[popovertarget=models]") && load());
  document.addEventListener("htmx:afterSwap", onLoad);
  const wanted = isKept(form) && modelWanted(form);
  if (wanted) change(wanted, `${location.pathname}?${new URLSearchParams({ model: wanted })}`);
}

start();
