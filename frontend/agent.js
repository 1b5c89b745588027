// Cards in a reader: before a form is sent, the card agent on the visitor's own computer is asked.
// The site's token says what for; the form carries away what the agent read.
const PERMISSIONS = ["loopback-network", "local-network-access"];

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

async function ask({ dataset: { agent, agentAddress, token } }) {
  try {
    const response = await fetch(`${agentAddress}/${agent}`, {
      method: "POST",
      headers: { "content-type": "application/json", "x-emask-agent": "1" },
      body: JSON.stringify({ token }),
      credentials: "omit",
      ...loopback(),
    });
    return await response.json();
  } catch {
    return { code: (await refused()) ? "permission" : "unreachable" };
  }
}

// Browsers that ask before a page reaches the computer it is on want to know that it will.
function loopback() {
  const target = { targetAddressSpace: "loopback" };
  try {
    new Request(location.href, target);
    return target;
  } catch {
    return {};
  }
}

async function refused() {
  for (const name of PERMISSIONS) {
    try {
      if ((await navigator.permissions.query({ name })).state === "denied") return true;
    } catch {
      continue; // a browser that does not know the permission does not ask for it
    }
  }
  return false;
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
