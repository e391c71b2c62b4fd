// Forms: what makes typing and choosing quicker. Every form also works without it.

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

/** Remove what the server said: about one field when it changes, about all when the order was accepted. */
function forget(scope) {
  for (const words of scope.querySelectorAll(".error:not([data-slot-fault]), .note.bad")) words.remove();
  for (const field of scope.querySelectorAll("[aria-invalid]")) field.removeAttribute("aria-invalid");
  for (const part of [scope, ...scope.querySelectorAll("[data-invalid]")]) part.removeAttribute("data-invalid");
}

function onClick(event) {
  const target = event.target.closest("[data-step], [data-random], [data-clear], [data-put]");
  if (!target) return;
  const { step, random, clear, put, from } = target.dataset;
  if (step) nudge(target);
  if (random) setValue(random, String(crypto.getRandomValues(new Uint32Array(1))[0] >>> 1));
  if (clear) setValue(clear, "");
  if (put) {
    setValue("[name=made_from]", from);
    setValue(put, target.value);
  }
}

function onKey(event) {
  if (event.key === "Enter" && !event.ctrlKey && !event.metaKey && event.target.matches?.("#recipe input") && !event.isComposing) {
    event.preventDefault(); // it would order the prompt as it was
    event.target.closest("#recipe").querySelector("[data-apply]").click();
    return;
  }
  if (event.key === "Enter" && event.target.matches?.("[data-narrow]")) return event.preventDefault(); // a search orders nothing
  if (event.key !== "Enter" || !(event.ctrlKey || event.metaKey) || event.isComposing) return;
  const form = event.target.closest?.("form[data-generate]") ?? document.querySelector("form[data-generate]");
  if (!form || document.querySelector("dialog[open]")) return;
  event.preventDefault();
  if (!event.repeat) form.requestSubmit();
}

/** Show only the choices that have all words of the search beside them; those that are ticked stay. */
function narrow(search) {
  const words = search.value.toLowerCase().split(/\s+/);
  for (const label of search.closest("[data-narrowed]").querySelectorAll(".checks label")) {
    const text = label.textContent.toLowerCase();
    label.hidden = !label.querySelector("input").checked && !words.every((word) => text.includes(word));
  }
}

export function start() {
  document.addEventListener("click", onClick);
  document.addEventListener("keydown", onKey);
  document.addEventListener("input", (event) => {
    if (event.target.dataset?.count) count(event.target);
    if (event.target.matches?.("[data-narrow]")) narrow(event.target);
  });
  for (const name of ["input", "change"]) {
    document.addEventListener(name, (event) => {
      const field = event.target.closest?.("form[data-generate] .field");
      if (field) forget(field);
    });
  }
  document.addEventListener("portal:created", (event) => event.target.matches?.("form[data-generate]") && forget(event.target));
  document.addEventListener("portal:form", (event) => event.detail.querySelectorAll("[data-count]").forEach(count));
  document.addEventListener("htmx:afterSettle", (event) => {
    event.target.querySelectorAll?.("[data-count]").forEach(count);
    event.target.querySelector?.("[aria-invalid='true'], [data-invalid]")?.focus();
  });
  document.querySelectorAll("[data-count]").forEach(count);
}
