// The terminal's line to the server: every request of the screen goes through `send`.
const PATIENCE = 5_000;

// What answers when the server does not, and whoever wants to know how the line is.
export const line = {
  // (step, fields) -> a screen as the server would send it, or null: nothing is known.
  without: async () => null,
  // (milliseconds that the answer took, or null where none came) -> nothing
  heard: () => {},
  // (the fields of a sale that the server made) -> nothing
  sold: () => {},
  // (what is left of each product, as the screen shows it) -> nothing
  stocked: () => {},
};

// Send a step's fields, or nothing to look again; resolves to a screen, or null.
export async function send(step, fields) {
  const begun = performance.now();
  let response;
  try {
    response = await fetch(step, {
      method: fields ? "POST" : "GET",
      headers: { accept: "application/json" },
      body: fields && new URLSearchParams(fields),
      signal: AbortSignal.timeout(PATIENCE),
      cache: "no-store",
    });
    if (response.status >= 500) throw new Error("no answer");
    const screen = isData(response) ? await response.json() : null;
    line.heard(performance.now() - begun);
    if (screen) return screen;
  } catch {
    line.heard(null);
    return line.without(step, fields);
  }
  location.replace(location.pathname); // signed out, or a page left open too long
  return new Promise(() => {});
}

function isData({ headers }) {
  return (headers.get("content-type") ?? "").startsWith("application/json");
}
