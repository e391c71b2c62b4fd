// Ctrl K on any page: find or jump. The server finds; arrow keys walk, Enter opens the first hit.

let hurried = false; // Enter was pressed before the answer to what was typed

function box() {
  return document.getElementById("find");
}

function open() {
  const search = box().querySelector("input");
  if (!box().open) box().showModal();
  search.select();
  if (!box().querySelector("a")) search.dispatchEvent(new Event("portal:find"));
}

/** Open the first hit: of what was typed, not of the answer before it. */
function openFirst() {
  const search = box().querySelector("input");
  if (box().querySelector("[data-words]")?.dataset.words === search.value.trim()) return box().querySelector("a.item")?.click();
  hurried = true;
  search.dispatchEvent(new Event("portal:find"));
}

function onAnswer({ detail }) {
  if (detail.target.id !== "found" || !hurried) return;
  hurried = false;
  if (box().open) box().querySelector("a.item")?.click();
}

function walk(event) {
  if (!box()?.open || event.isComposing) return;
  const hits = [...box().querySelectorAll("a.item")];
  const at = hits.indexOf(document.activeElement);
  if (event.key === "ArrowDown") hits[Math.min(at + 1, hits.length - 1)]?.focus();
  else if (event.key === "ArrowUp") (hits[at - 1] ?? box().querySelector("input")).focus();
  else if (event.key === "Enter" && at < 0) openFirst();
  else return;
  event.preventDefault();
}

export function start() {
  if (!box()) return;
  document.addEventListener("keydown", (event) => {
    if ((event.ctrlKey || event.metaKey) && !event.shiftKey && !event.altKey && event.key.toLowerCase() === "k") {
      event.preventDefault();
      return open();
    }
    walk(event);
  });
  document.addEventListener("click", (event) => event.target.closest("[data-find-open]") && open());
  document.addEventListener("htmx:afterSwap", onAnswer);
  document.addEventListener("input", () => (hurried = false));
}
