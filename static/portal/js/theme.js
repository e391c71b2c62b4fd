// The theme button changes the page at once and informs the server; without script the same form reloads the page.

import { send } from "./net.js";

const NEXT = { system: "light", light: "dark", dark: "system" };

function show(theme) {
  if (theme === "system") delete document.documentElement.dataset.theme;
  else document.documentElement.dataset.theme = theme;
  const chosen = document.querySelector("select[name=theme]");
  if (chosen) chosen.value = theme;
  for (const button of document.querySelectorAll("[data-theme-form] button")) {
    button.value = NEXT[theme];
    const label = button.dataset[`label${theme[0].toUpperCase()}${theme.slice(1)}`];
    if (button.querySelector("[data-theme-label]")) button.querySelector("[data-theme-label]").textContent = label;
    else button.setAttribute("aria-label", (button.title = label));
    for (const icon of button.querySelectorAll("[data-theme-icon]"))
      icon.toggleAttribute("hidden", icon.dataset.themeIcon !== theme);
  }
}

function onSubmit(event) {
  const form = event.target.closest("[data-theme-form]");
  if (!form || !event.submitter) return;
  event.preventDefault();
  const body = new FormData(form, event.submitter);
  show(event.submitter.value);
  send(form.action, { method: "POST", body }).catch(() => form.submit());
}

export function start() {
  document.addEventListener("submit", onSubmit);
}
