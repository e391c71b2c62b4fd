// Copy buttons: data-copy holds the text, data-copy-from the selector of the element whose text it is.

import { text } from "./net.js";
import { toast } from "./toast.js";

/** The clipboard API exists only on https and localhost; elsewhere a hidden field and execCommand do it. */
async function write(value) {
  if (navigator.clipboard) return navigator.clipboard.writeText(value);
  const area = Object.assign(document.createElement("textarea"), { value, className: "sr" });
  document.body.append(area);
  area.select();
  const done = document.execCommand("copy");
  area.remove();
  if (!done) throw new DOMException("copy refused", "NotAllowedError");
}

function onClick(event) {
  const button = event.target.closest("[data-copy], [data-copy-from]");
  if (!button) return;
  const { copy, copyFrom } = button.dataset;
  const value = copy ?? document.querySelector(copyFrom)?.textContent ?? "";
  write(value).then(
    () => toast(text("copied"), "ok"),
    () => toast(text("copy_failed"), "bad"),
  );
}

export function start() {
  document.addEventListener("click", onClick);
}
