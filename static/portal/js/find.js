// Ctrl K on any page: find or jump. The server finds; arrow keys walk, Enter opens the first hit.

function box() {
  return document.getElementById("find");
}

function open() {
  const search = box().querySelector("input");
  if (!box().open) box().showModal();
  search.select();
  if (!box().querySelector("a")) search.dispatchEvent(new Event("portal:find"));
}

function walk(event) {
  if (!box()?.open || event.isComposing) return;
  const hits = [...box().querySelectorAll("a.item")];
  const at = hits.indexOf(document.activeElement);
  if (event.key === "ArrowDown") hits[Math.min(at + 1, hits.length - 1)]?.focus();
  else if (event.key === "ArrowUp") (hits[at - 1] ?? box().querySelector("input")).focus();
  else if (event.key === "Enter" && at < 0) hits[0]?.click();
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
}
