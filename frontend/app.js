// What the pages gain from JavaScript; only reading cards and unlocking phones cannot do without it.
import {
  Button,
  ErrorSummary,
  PasswordInput,
  SkipLink,
  createAll,
} from "govuk-frontend";
import "./agent.js";
import "./passkey.js";

document.body.classList.add("js-enabled", "govuk-frontend-supported");
for (const component of [Button, ErrorSummary, PasswordInput, SkipLink]) {
  createAll(component);
}

for (const button of document.querySelectorAll("[data-copy]")) {
  button.hidden = false;
  button.addEventListener("click", async () => {
    await navigator.clipboard.writeText(button.dataset.copy);
    button.textContent = button.dataset.copied;
  });
}

for (const button of document.querySelectorAll("[data-print]")) {
  button.hidden = false;
  button.addEventListener("click", () => window.print());
}

for (const field of document.querySelectorAll("[data-focus]")) {
  field.focus();
}

document.addEventListener("keydown", (event) => {
  if (event.key === "Escape") document.querySelector("[data-escape]")?.click();
});

// A scanned device code stands behind the # of the address.
const scanned = document.querySelector("[data-scanned]");
if (scanned && !scanned.value && /^#\d+$/.test(location.hash)) {
  scanned.value = location.hash.slice(1);
  history.replaceState(null, "", location.pathname);
}
