// The order of a collection by hand: videos are dragged to a place, or moved by buttons. The server says where a video is now.

let dragged = null;

function listOf(node) {
  return node?.closest?.("[data-arrange]");
}

function onDragStart(event) {
  const item = event.target.closest?.("[data-arrange] > li");
  if (!item) return;
  dragged = item;
  item.classList.add("dragged");
  event.dataTransfer.effectAllowed = "move";
  event.dataTransfer.setData("text/plain", item.dataset.video);
}

/** The video goes in front of the one below the pointer; beside its right half, behind it. */
function placeAt(event) {
  const over = event.target.closest("[data-arrange] > li");
  if (!over || over === dragged) return undefined;
  const box = over.getBoundingClientRect();
  return event.clientX > box.left + box.width / 2 ? over.nextElementSibling : over;
}

function onDragOver(event) {
  if (!dragged || !listOf(event.target)) return;
  event.preventDefault();
  for (const marked of document.querySelectorAll("[data-arrange] > .target")) marked.classList.remove("target");
  placeAt(event)?.classList.add("target");
}

/** Behind the last video of a part comes the first of the next part; behind the last of all, the end. */
function following(list) {
  const lists = [...document.querySelectorAll("[data-arrange]")];
  return lists[lists.indexOf(list) + 1]?.firstElementChild ?? null;
}

function onDrop(event) {
  const list = listOf(event.target);
  if (!dragged || !list) return;
  event.preventDefault();
  const place = placeAt(event);
  if (place === undefined || place === dragged) return;
  const target = place ?? following(list);
  if (!target && document.querySelector(".more-row")) return; // what comes next is not on the page yet
  const values = { video: dragged.dataset.video, before: target?.dataset.video ?? "" };
  window.htmx.ajax("POST", list.dataset.arrange, { source: list, swap: "none", values });
}

function onDragEnd() {
  dragged?.classList.remove("dragged");
  dragged = null;
  for (const marked of document.querySelectorAll("[data-arrange] > .target")) marked.classList.remove("target");
}

/** Put the video where the server has it. A place that is not on the page yet comes with the next part. */
function onMoved(event) {
  const { id, before } = event.detail;
  const find = (video) => document.querySelector(`[data-arrange] > [data-video="${CSS.escape(video)}"]`);
  const item = find(id);
  if (!item) return;
  const focused = item.contains(document.activeElement) ? document.activeElement : null;
  const target = before ? find(before) : null;
  if (target) target.before(item);
  else if (before || document.querySelector(".more-row")) item.remove();
  else [...document.querySelectorAll("[data-arrange]")].at(-1).append(item);
  focused?.focus();
}

function start() {
  document.addEventListener("dragstart", onDragStart);
  document.addEventListener("dragover", onDragOver);
  document.addEventListener("drop", onDrop);
  document.addEventListener("dragend", onDragEnd);
  document.addEventListener("portal:moved", onMoved);
}

start();
