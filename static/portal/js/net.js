// Requests to our own server and texts from the page. Every text that a script shows comes from the #strings block.

const strings = JSON.parse(document.getElementById("strings")?.textContent || "{}");

/** The text named `key`, with each {name} replaced. */
export function text(key, values = {}) {
  return (strings[key] ?? "").replace(/\{(\w+)\}/g, (whole, name) => values[name] ?? whole);
}

export function csrfToken() {
  return document.querySelector("meta[name='csrf-token']")?.content ?? "";
}

/** Where the stored image with this id is shown. */
export function imageUrl(slot, id) {
  return slot.dataset.imageUrl.replace("00000000-0000-0000-0000-000000000000", id);
}

/** fetch() with our cookie and CSRF token; throws on a network error only. */
export function send(url, { method = "GET", body, headers = {} } = {}) {
  const ours = { "X-Requested-With": "fetch", ...headers };
  if (method !== "GET") ours["X-CSRFToken"] = csrfToken();
  return fetch(url, { method, body, headers: ours, credentials: "same-origin" });
}

export function announce(message) {
  const region = document.getElementById("announce");
  if (region) region.textContent = message;
}
