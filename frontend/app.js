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

if (document.querySelector("[data-print-now]")) window.print();

for (const field of document.querySelectorAll("[data-focus]")) {
  field.focus();
}

// Where an answer is awaited the page looks again by itself, ever more rarely, and moves on with it.
const waiting = "[data-look-again]";
if (document.querySelector(waiting)) lookAgain(5_000);

function lookAgain(after) {
  setTimeout(async () => {
    try {
      const answer = await fetch(location.href);
      const page = new DOMParser().parseFromString(await answer.text(), "text/html");
      if (answer.ok && !page.querySelector(waiting)) {
        location.replace(answer.url);
        return;
      }
    } catch {
      // no network for a moment; the next look may have one
    }
    lookAgain(Math.min(after * 1.2, 60_000));
  }, after);
}

document.addEventListener("keydown", (event) => {
  if (event.key === "Escape") document.querySelector("[data-escape]")?.click();
});

// A screen that everybody uses forgets who stood there: after a minute without a touch or a key.
const idle = document.querySelector("[data-idle]");
if (idle) {
  const notice = idle.querySelector("[data-idle-notice]");
  const fields = [...idle.querySelectorAll("input:not([type=hidden])")];
  let left;
  const begin = () => {
    left = 60;
    notice.hidden = true;
  };
  for (const touch of ["keydown", "pointerdown", "input"]) addEventListener(touch, begin);
  begin();
  setInterval(() => {
    if (fields.length && fields.every((field) => !field.value)) return begin();
    left -= 1;
    notice.hidden = left > 15;
    if (left <= 0) location.replace(idle.dataset.idle);
  }, 1_000);
}

// A scanned device code stands behind the # of the address.
const scanned = document.querySelector("[data-scanned]");
if (scanned && !scanned.value && /^#\d+$/.test(location.hash)) {
  scanned.value = location.hash.slice(1);
  history.replaceState(null, "", location.pathname);
}
