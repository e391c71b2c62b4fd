// The script of every page; what only some pages need, they load beside it ({% parts %}). Each module listens on the document, so fragments
// that arrive later need no setup.

import * as bin from "./bin.js";
import * as copy from "./copy.js";
import * as dialog from "./dialog.js";
import * as find from "./find.js";
import { keepFocus } from "./focus.js";
import * as form from "./form.js";
import * as keys from "./keys.js";
import { csrfToken, imageUrl, send, text } from "./net.js";
import * as notices from "./notices.js";
import * as once from "./once.js";
import * as tabs from "./tabs.js";
import * as theme from "./theme.js";
import * as tick from "./tick.js";
import * as tile from "./tile.js";
import * as toasts from "./toast.js";

// For the scripts of pages: they import from here, because this and what it imports are published as one file.
const { isQuiet } = keys;
const { toast } = toasts;
export { csrfToken, imageUrl, isQuiet, send, text, toast };

// Pages show times on this clock (web/time_zone.py).
document.cookie = `time_zone=${Intl.DateTimeFormat().resolvedOptions().timeZone}; path=/; max-age=31536000; samesite=lax`;

const parts = [toasts, bin, dialog, once, theme, form, keys, find, copy, tile, tabs, notices, tick];
for (const part of parts) part.start();

document.addEventListener("htmx:configRequest", (event) => {
  event.detail.headers["X-CSRFToken"] = csrfToken();
});
for (const name of ["htmx:sendError", "htmx:timeout"]) {
  document.addEventListener(name, (event) => {
    if (!event.detail.elt.matches(".est")) toast(text("send_failed"), "bad"); // nobody pressed for the price
  });
}
document.addEventListener("portal:gone", (event) => {
  for (const id of event.detail.ids)
    for (const card of document.querySelectorAll(`:is(#queue, [data-tab=attention]) [data-task="${CSS.escape(id)}"]`))
      keepFocus(card, () => card.remove());
});
document.addEventListener("portal:toast", (event) => toast(event.detail.text, event.detail.tone, event.detail.undo));
document.addEventListener("htmx:responseError", (event) => {
  if (event.detail.xhr.getResponseHeader("HX-Trigger")) return; // the server said why
  const { status } = event.detail.xhr;
  toast(status === 404 ? text("not_there") : text("server_error", { status }), "bad");
});
