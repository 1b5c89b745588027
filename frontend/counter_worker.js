// Shows the counter's kept page for its address when the server does not answer. It keeps nothing
// itself, and lets everything pass but that page and what the page is made of.
const PAGE = new URL(registration.scope).pathname;
const KEPT = `${PAGE}/offline`;

addEventListener("install", () => skipWaiting());
addEventListener("activate", (event) => event.waitUntil(clients.claim()));
addEventListener("fetch", (event) => {
  const { request } = event;
  const { origin, pathname } = new URL(request.url);
  if (origin !== location.origin || request.method !== "GET") return;
  if (request.mode === "navigate" && pathname === PAGE) event.respondWith(page(request));
  else if (pathname.startsWith("/static/")) event.respondWith(kept(request));
});

async function page(request) {
  try {
    const response = await fetch(request);
    if (response.status < 500) return response;
  } catch {
    // no line
  }
  return (await caches.match(KEPT)) ?? Response.error();
}

async function kept(request) {
  return (await caches.match(request)) ?? fetch(request);
}
