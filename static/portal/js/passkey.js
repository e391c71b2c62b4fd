// Passkeys: a form with data-passkey asks the device, and sends what it answered. Browsers that cannot read the server's JSON never see it.

import { send, text, toast } from "./main.js";

const device = window.PublicKeyCredential;
const known = Boolean(device?.parseCreationOptionsFromJSON && device.parseRequestOptionsFromJSON);

/** In the page, or from the address that takes the answer: that of the sign-in, where the server does not know who comes. */
async function optionsFor(form) {
  const block = form.querySelector("script");
  return block ? JSON.parse(block.textContent) : (await send(form.action, { headers: { Accept: "application/json" } })).json();
}

async function ask(form) {
  const { creation_options: create, request_options: get } = await optionsFor(form);
  const answer = create
    ? await navigator.credentials.create({ publicKey: device.parseCreationOptionsFromJSON(create.publicKey) })
    : await navigator.credentials.get({ publicKey: device.parseRequestOptionsFromJSON(get.publicKey) });
  form.elements.credential.value = JSON.stringify(answer.toJSON());
  form.submit();
}

function onSubmit(event) {
  if (!event.target.matches("form[data-passkey]")) return;
  event.preventDefault();
  ask(event.target).catch(() => toast(text("passkey_failed"), "bad")); // also when the person closed the device's dialog
}

function start() {
  document.addEventListener("submit", onSubmit);
  if (known) for (const part of document.querySelectorAll("[data-passkey-only]")) part.hidden = false;
}

start();
