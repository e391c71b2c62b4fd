// The API reference of Swagger UI: our theme, and what a keyboard or a screen reader needs and the library leaves out.

const system = matchMedia("(prefers-color-scheme: dark)");
const root = document.documentElement;
const words = document.getElementById("swagger-ui").dataset;

function setTheme() {
  const { theme } = root.dataset;
  root.classList.toggle("dark-mode", theme ? theme === "dark" : system.matches);
}

/** The library redraws parts at every click, so this looks at all of them each time. */
function mend() {
  for (const tag of document.querySelectorAll("h3.opblock-tag")) tag.setAttribute("aria-level", "2");
  for (const title of document.querySelectorAll(".models > h4")) title.setAttribute("aria-level", "2");
  for (const title of document.querySelectorAll(".opblock-body h4, .opblock-body h5")) title.setAttribute("aria-level", "3");
  for (const code of document.querySelectorAll(".microlight")) code.setAttribute("tabindex", "0");
  for (const field of document.querySelectorAll("textarea:not([aria-label]), select:not([aria-label], [id])")) {
    const name = field.closest("tr")?.querySelector(".parameter__name")?.firstChild?.textContent;
    field.setAttribute("aria-label", name ?? (field.matches("textarea") ? words.body : words.mediaType));
  }
  for (const region of document.querySelectorAll("[role=region]:not([aria-label])")) {
    const name = region.closest(".opblock")?.querySelector(".opblock-summary-control")?.textContent ?? "";
    region.setAttribute("aria-label", words.responses.replace("{name}", name));
  }
}

setTheme();
system.addEventListener("change", setTheme);
mend();
let planned = false;
new MutationObserver(() => {
  if (planned) return;
  planned = true;
  requestAnimationFrame(() => {
    planned = false;
    mend();
  });
}).observe(document.getElementById("swagger-ui"), { childList: true, subtree: true });
