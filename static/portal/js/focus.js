// Keeps the focus where a keyboard user is working, when the card that has it is replaced or removed.

function controls(card) {
  return [...(card?.querySelectorAll("a[href]:not([tabindex='-1']), button, summary") ?? [])].filter((one) => one.checkVisibility());
}

function nameOf(control) {
  return control.getAttribute("aria-label") ?? control.textContent.trim();
}

/** Call `change`, which replaces the card of a task by a newer one, or removes it. */
export function keepFocus(card, change) {
  const had = card.contains(document.activeElement) ? document.activeElement : null;
  const beside = card.nextElementSibling ?? card.previousElementSibling;
  change();
  if (!had || document.activeElement !== document.body) return;
  const fresh = controls(document.querySelector(`[data-task="${CSS.escape(card.dataset.task)}"]`));
  const place = fresh.find((one) => nameOf(one) === nameOf(had)) ?? fresh[0] ?? controls(beside)[0] ?? document.getElementById("main");
  place?.focus({ preventScroll: place.id === "main" });
}
