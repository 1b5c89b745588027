// Asks the phone for a new passkey, or for its unlock, and sends the answer with the form around.
// Nothing else leaves the page. Where it cannot be done, one of the page's hidden messages says so.

const ASKED = {
  create: {
    parse: "parseCreationOptionsFromJSON",
    ask: (publicKey) => navigator.credentials.create({ publicKey }),
  },
  get: {
    parse: "parseRequestOptionsFromJSON",
    ask: (publicKey) => navigator.credentials.get({ publicKey }),
  },
};

const MESSAGES = {
  InvalidStateError: "exists",
  SecurityError: "insecure",
  NotSupportedError: "unsupported",
  ConstraintError: "unsupported",
};

// Phones of some years ago have passkeys, but neither read options nor write answers as JSON.

function bytes(text) {
  const plain = atob(text.replace(/-/g, "+").replace(/_/g, "/"));
  return Uint8Array.from(plain, (letter) => letter.charCodeAt(0));
}

function text(buffer) {
  const plain = String.fromCharCode(...new Uint8Array(buffer));
  return btoa(plain).replace(/\+/g, "-").replace(/\//g, "_").replace(/=+$/, "");
}

function parsed(options, parse) {
  if (PublicKeyCredential[parse]) return PublicKeyCredential[parse](options);
  const read = { ...options, challenge: bytes(options.challenge) };
  if (options.user) read.user = { ...options.user, id: bytes(options.user.id) };
  for (const list of ["excludeCredentials", "allowCredentials"]) {
    if (options[list]) read[list] = options[list].map((one) => ({ ...one, id: bytes(one.id) }));
  }
  return read;
}

function written(credential) {
  if (credential.toJSON) return credential.toJSON();
  const response = {};
  for (const part of [
    "clientDataJSON",
    "attestationObject",
    "authenticatorData",
    "signature",
    "userHandle",
  ]) {
    if (credential.response[part]) response[part] = text(credential.response[part]);
  }
  return { id: credential.id, rawId: credential.id, type: credential.type, response };
}

function tell(name) {
  for (const message of document.querySelectorAll("[data-passkey-message]")) {
    message.hidden = message.dataset.passkeyMessage !== name;
    if (message.hidden) continue;
    message.tabIndex = -1;
    message.focus();
  }
}

async function missing() {
  if (!window.isSecureContext) return "insecure";
  if (!window.PublicKeyCredential) return "unsupported";
  const unlocks = await PublicKeyCredential.isUserVerifyingPlatformAuthenticatorAvailable();
  return unlocks ? null : "unsupported";
}

// The site's challenges are good for five minutes; a page may stay open for days.
const FRESH = 4 * 60 * 1000;
let loaded = Date.now();

async function fresh(form) {
  const kept = form.querySelector("[data-passkey-options]");
  if (Date.now() - loaded > FRESH) {
    const page = await (await fetch(location.pathname)).text();
    const renewed = new DOMParser()
      .parseFromString(page, "text/html")
      .querySelector("[data-passkey-options]");
    if (renewed) kept.textContent = renewed.textContent;
    loaded = Date.now();
  }
  return JSON.parse(kept.textContent);
}

async function answer(form, lacking) {
  const { parse, ask } = ASKED[form.dataset.passkey];
  tell(null);
  try {
    const lack = await lacking;
    if (lack) return tell(lack);
    const credential = await ask(parsed(await fresh(form), parse));
    form.elements.answer.value = JSON.stringify(written(credential));
  } catch (error) {
    return tell(MESSAGES[error.name] || "cancelled");
  }
  form.submit();
}

for (const form of document.querySelectorAll("form[data-passkey]")) {
  const lacking = missing(); // asked beforehand: some browsers want the passkey asked for at once
  let busy = false;
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    if (busy) return;
    busy = true;
    await answer(form, lacking);
    busy = false;
  });
}
