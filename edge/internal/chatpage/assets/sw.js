// The page without its server: a service worker that keeps the page's own files, and serves them when the server does
// not answer. The server's answer takes precedence, and API requests pass by. The edge prepends two constants:
// the version of the files, and their addresses.
/* global version, files */

/** How long the server may take to send the page itself, in milliseconds. */
const patience = 5_000;
const name = `pawstream-${version}`;

addEventListener("install", (event) => {
  // Nothing but these files ever needs to pass through here.
  event.addRoutes?.({ condition: { urlPattern: "/v1/*" }, source: "network" });
  event.waitUntil(keep());
});

async function keep() {
  const cache = await caches.open(name);
  await cache.addAll(files.map((file) => new Request(file, { cache: "no-cache" })));
  await skipWaiting();
}

addEventListener("activate", (event) => event.waitUntil(forget()));

/** Takes the files of other versions away. */
async function forget() {
  for (const other of await caches.keys()) if (other.startsWith("pawstream-") && other !== name) await caches.delete(other);
}

addEventListener("fetch", (event) => {
  const { request } = event;
  const { origin, pathname } = new URL(request.url);
  if (request.method === "GET" && origin === location.origin && files.includes(pathname)) event.respondWith(answer(request, pathname));
});

async function answer(request, path) {
  try {
    const response = await fetch(request, request.mode === "navigate" ? { signal: AbortSignal.timeout(patience) } : undefined);
    if (response.status < 500) return response;
  } catch {
    // The server is away.
  }
  return (await (await caches.open(name)).match(path)) ?? Response.error();
}
