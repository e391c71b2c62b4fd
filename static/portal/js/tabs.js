// Tabs inside an element with data-tabs: one panel at a time, arrow keys between them. Without script all panels stand below each other.
// Tabs that are links: on a phone their row scrolls, and the current one is brought into view, as is one that the keyboard reaches.

function show(box, tab) {
  for (const other of box.querySelectorAll("[role=tab]")) {
    const on = other === tab;
    other.setAttribute("aria-selected", String(on));
    other.tabIndex = on ? 0 : -1;
    document.getElementById(other.getAttribute("aria-controls")).hidden = !on;
  }
}

function onClick(event) {
  const tab = event.target.closest("[data-tabs] [role=tab]");
  if (tab) show(tab.closest("[data-tabs]"), tab);
}

function onKey(event) {
  const tab = event.target.closest?.("[data-tabs] [role=tab]");
  const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
  if (!tab || !step) return;
  const box = tab.closest("[data-tabs]");
  const tabs = [...box.querySelectorAll("[role=tab]")];
  const next = tabs[(tabs.indexOf(tab) + step + tabs.length) % tabs.length];
  show(box, next);
  next.focus();
}

function center(link) {
  const row = link.parentElement; // scrollIntoView would move the page too
  row.scrollLeft = link.offsetLeft - row.offsetLeft - (row.clientWidth - link.offsetWidth) / 2;
}

function onFocus(event) {
  if (event.target.matches(".tabs > a:focus-visible")) center(event.target); // Chromium leaves one where it is that ends at the edge
}

export function start() {
  document.addEventListener("click", onClick);
  document.addEventListener("keydown", onKey);
  document.addEventListener("focusin", onFocus);
  for (const current of document.querySelectorAll(".tabs > [aria-current]")) center(current);
  for (const box of document.querySelectorAll("[data-tabs]")) show(box, box.querySelector("[role=tab]"));
}
