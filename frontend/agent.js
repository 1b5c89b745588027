// Cards in a reader: before a form is sent, the card agent on the visitor's own computer is asked.
// The site's token says what for; the form carries away what the agent read.
import { askAgent } from "./agent_call.js";

for (const form of document.querySelectorAll("form[data-agent]")) {
  form.addEventListener("submit", (event) => {
    if (form.querySelector("[data-instead]:checked")) return;
    event.preventDefault();
    if (form.ariaBusy !== "true") fill(form);
  });
}

addEventListener("pageshow", ({ persisted }) => {
  if (!persisted) return;
  for (const form of document.querySelectorAll("form[data-agent]")) form.ariaBusy = "false";
});

async function fill(form) {
  begin(form);
  let answer = await ask(form);
  if (answer.code === "token_refused" && (await renew(form))) {
    answer = await ask(form); // a token is good once, and for minutes
  }
  if (answer.evidence) {
    form.elements.evidence.value = answer.evidence;
    form.submit();
  } else {
    end(form, answer);
  }
}

function ask({ dataset: { agent, agentAddress, token } }) {
  return askAgent(agentAddress, agent, { token });
}

async function renew(form) {
  try {
    const page = await (await fetch(location.pathname)).text();
    const parsed = new DOMParser().parseFromString(page, "text/html");
    const { token } = parsed.querySelector("form[data-agent]").dataset;
    form.dataset.token = token;
    if (form.elements.challenge) form.elements.challenge.value = token;
    return true;
  } catch {
    return false; // offline, or no longer signed in
  }
}

function begin(form) {
  form.ariaBusy = "true";
  for (const message of form.querySelectorAll("[data-agent-message]")) message.hidden = true;
  const status = form.querySelector("[data-agent-busy]");
  status.textContent = status.dataset.agentBusy;
}

function end(form, { code, tries_left: left }) {
  form.ariaBusy = "false";
  form.querySelector("[data-agent-busy]").textContent = "";
  const find = (known) => form.querySelector(`[data-agent-message="${known}"]`);
  const message = (/^\w+$/.test(code) && find(code)) || find("unreadable");
  const tries = message.querySelector("[data-tries-left]");
  if (tries && Number.isInteger(left)) {
    tries.querySelector("strong").textContent = left;
    tries.hidden = false;
  }
  message.hidden = false;
  message.focus();
}
