// Tiles of videos that go to the bin and come back: on a wall they are hidden, in the bin it is the other way round.

const LINK = ":is(a.over, b a)";

/** The focus goes on to the next tile, so that who uses the keyboard can delete several in a row. */
function keepFocus(tile) {
  if (!tile.contains(document.activeElement)) return;
  const links = [...document.querySelectorAll(`[data-video]:not([hidden]) ${LINK}`)];
  const at = links.findIndex((link) => tile.contains(link));
  (links[at + 1] ?? links[at - 1] ?? document.getElementById("main")).focus();
}

/** A hidden picture that is measured (sizes=auto) has no width, and would load its widest file, which the bin does not have. */
function keepPicture(tile) {
  for (const image of tile.querySelectorAll("img[loading=lazy][srcset]")) if (image.width) image.sizes = `${image.width}px`;
}

function onChange(event) {
  const { id, state } = event.detail;
  for (const tile of document.querySelectorAll(`[data-video="${CSS.escape(id)}"]`)) {
    const belongs = state === (tile.closest("[data-bin]") ? "binned" : "kept");
    if (!belongs) {
      keepFocus(tile);
      keepPicture(tile);
    }
    tile.hidden = !belongs;
    if (belongs && document.activeElement.closest(".toast")) tile.querySelector(LINK)?.focus(); // the toast goes, with the Undo that was pressed
  }
}

export function start() {
  document.addEventListener("portal:video", onChange);
}
