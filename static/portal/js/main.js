// The one script of every page. Each module listens on the document, so fragments that arrive later need no setup.

import * as arrange from "./arrange.js";
import * as bin from "./bin.js";
import * as compare from "./compare.js";
import * as copy from "./copy.js";
import * as crop from "./crop.js";
import * as dialog from "./dialog.js";
import * as draft from "./draft.js";
import * as find from "./find.js";
import { keepFocus } from "./focus.js";
import * as form from "./form.js";
import * as keys from "./keys.js";
import * as models from "./models.js";
import { csrfToken, text } from "./net.js";
import * as notices from "./notices.js";
import * as once from "./once.js";
import * as passkey from "./passkey.js";
import * as pick from "./pick.js";
import * as player from "./player.js";
import * as queue from "./queue.js";
import * as review from "./review.js";
import * as select from "./select.js";
import * as tabs from "./tabs.js";
import * as theme from "./theme.js";
import * as tick from "./tick.js";
import * as tile from "./tile.js";
import * as toast from "./toast.js";
import * as upload from "./upload.js";

// Pages show times on this clock (web/time_zone.py).
document.cookie = `time_zone=${Intl.DateTimeFormat().resolvedOptions().timeZone}; path=/; max-age=31536000; samesite=lax`;

const parts = [
  toast,
  bin,
  arrange,
  dialog,
  once,
  theme,
  draft,
  form,
  models,
  queue,
  keys,
  find,
  copy,
  tile,
  select,
  upload,
  player,
  compare,
  review,
  crop,
  pick,
  passkey,
  tabs,
  notices,
  tick,
];
for (const part of parts) part.start();

document.addEventListener("htmx:configRequest", (event) => {
  event.detail.headers["X-CSRFToken"] = csrfToken();
});
for (const name of ["htmx:sendError", "htmx:timeout"]) {
  document.addEventListener(name, (event) => {
    if (!event.detail.elt.matches(".est")) toast.toast(text("send_failed"), "bad"); // nobody pressed for the price
  });
}
document.addEventListener("portal:gone", (event) => {
  for (const id of event.detail.ids)
    for (const card of document.querySelectorAll(`:is(#queue, [data-tab=attention]) [data-task="${CSS.escape(id)}"]`))
      keepFocus(card, () => card.remove());
});
document.addEventListener("portal:toast", (event) => toast.toast(event.detail.text, event.detail.tone, event.detail.undo));
document.addEventListener("htmx:responseError", (event) => {
  if (event.detail.xhr.getResponseHeader("HX-Trigger")) return; // the server said why
  toast.toast(text("server_error", { status: event.detail.xhr.status }), "bad");
});
