// One question to the card agent on the visitor's own computer, and why it was not answered.
const PERMISSIONS = ["loopback-network", "local-network-access"];

export async function askAgent(address, door, body) {
  try {
    const response = await fetch(`${address}/${door}`, {
      method: "POST",
      headers: { "content-type": "application/json", "x-emask-agent": "1" },
      body: JSON.stringify(body),
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
