// Shortcuts come from the page: an element with data-key="g s" is pressed (or focused, if it is a field) by those keys.

const SEQUENCE_MS = 900;
const STORED = "portal.keys";

let pending = { key: "", at: 0 };

function typing(target) {
  return target.closest?.("input:not([type=checkbox], [type=radio]), textarea, select, [contenteditable]");
}

function isOff() {
  return localStorage.getItem(STORED) === "off";
}

/** A key of a tile works while the tile has the focus; of several buttons with one key, the last is the newest. A key that is held down
 * sends no second form: the next tile, or the next page, has the same key. */
function press(keys, event) {
  const name = CSS.escape(keys.replace(" ", "+"));
  const target =
    event.target.closest?.(".tile")?.querySelector(`[data-tile-key~="${name}"]`) ??
    [...document.querySelectorAll(`[data-key~="${name}"]`)].filter((item) => !item.disabled).at(-1);
  if (!target) return false;
  if (target.matches("input:not([type=checkbox]), textarea")) target.focus();
  else if (!event.repeat || target.type !== "submit") target.click();
  return true;
}

/** Return whether this key must not act as a shortcut now. */
export function isQuiet(event) {
  const isChord = event.isComposing || event.ctrlKey || event.metaKey || event.altKey;
  return isChord || isOff() || Boolean(typing(event.target)) || Boolean(document.querySelector("dialog[open]"));
}

function onKey(event) {
  if (isQuiet(event)) return;
  if (event.key === " " && event.target.closest("a, button, summary, label, video, input")) return;
  const key = event.key === " " ? "space" : event.key;
  const recent = event.timeStamp - pending.at < SEQUENCE_MS ? pending.key : "";
  pending = { key, at: event.timeStamp };
  if ((recent && press(`${recent} ${key}`, event)) || press(key, event)) {
    pending = { key: "", at: 0 };
    event.preventDefault();
  }
}

export function start() {
  document.addEventListener("keydown", onKey);
  const choice = document.querySelector("[data-keys-switch]");
  if (!choice) return;
  choice.checked = !isOff();
  choice.addEventListener("change", () => localStorage.setItem(STORED, choice.checked ? "on" : "off"));
}
