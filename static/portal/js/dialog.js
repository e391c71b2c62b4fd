// Dialogs, menus and the question before something that cannot be undone.

function openDialog(id) {
  const dialog = document.getElementById(id);
  if (dialog && !dialog.open) dialog.showModal();
}

function onClick(event) {
  const opener = event.target.closest("[data-dialog-open]");
  if (opener) return openDialog(opener.dataset.dialogOpen);
  const dialog = event.target.closest("dialog");
  if (dialog && (event.target === dialog || event.target.closest("[data-dialog-close]"))) dialog.close();
  closeMenus(event.target);
}

function closeMenus(target) {
  for (const menu of document.querySelectorAll("details.menu[open]")) {
    if (!menu.contains(target)) menu.open = false;
  }
}

function onEscape(event) {
  if (event.key !== "Escape") return;
  const menu = event.target.closest?.("details.menu[open]");
  closeMenus(null);
  menu?.querySelector("summary").focus();
}

/** A form with data-confirm asks first, in the shared dialog, and is sent only by its button. */
function askFirst(event) {
  const form = event.target;
  const dialog = document.getElementById("confirm");
  if (!form.dataset?.confirm || form.dataset.confirmed || !dialog) return;
  event.preventDefault();
  event.stopPropagation();
  dialog.querySelector("[data-confirm-text]").textContent = form.dataset.confirm;
  dialog.querySelector("[data-confirm-yes]").onclick = () => {
    form.dataset.confirmed = "yes";
    dialog.close();
    form.requestSubmit(event.submitter ?? undefined);
    delete form.dataset.confirmed;
  };
  dialog.showModal();
}

export function start() {
  document.addEventListener("click", onClick);
  document.addEventListener("keydown", onEscape);
  document.addEventListener("submit", askFirst, { capture: true });
}
