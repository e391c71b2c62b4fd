// The test buttons of the accounts' page: the answer replaces the card. Without this script the same button is a plain POST.

async function press(form, button) {
  const card = button.closest("[data-account]");
  const said = document.querySelector("#overview-said");
  button.disabled = true;
  button.textContent = button.dataset.busy;
  said.textContent = button.dataset.busy;
  try {
    const headers = { "X-Requested-With": "fetch", "X-CSRFToken": form.elements.csrfmiddlewaretoken.value };
    const answer = await fetch(button.formAction, { method: "POST", headers });
    if (!answer.ok || answer.redirected) throw new Error(String(answer.status));
    card.innerHTML = await answer.text();
    said.textContent = card.querySelector(".overview-finding").textContent;
    card.querySelector("[data-account-test]").focus();
  } catch {
    button.disabled = false;
    button.textContent = button.dataset.lost;
    said.textContent = button.dataset.lost;
  }
}

document.addEventListener("submit", (event) => {
  const button = event.submitter;
  if (!button?.matches("[data-account-test]")) return;
  event.preventDefault();
  press(event.target, button);
});
