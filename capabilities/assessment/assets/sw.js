// Answers from what the phone kept when there is no signal. Pages put themselves into the cache (assess.js); this worker
// only reads it, so nothing is kept that the assessor did not open or was not appointed to.
self.addEventListener("install", () => self.skipWaiting());
self.addEventListener("activate", (e) => e.waitUntil(self.clients.claim()));

const kept = async (request) => (await caches.match(request, { ignoreVary: true })) || null;

self.addEventListener("fetch", (e) => {
  const { request } = e;
  if (request.method !== "GET" || new URL(request.url).origin !== self.location.origin) return;
  const asset = new URL(request.url).pathname.startsWith("/assets/");
  e.respondWith((async () => {
    if (asset) {
      const found = await kept(request);
      if (found) return found;
    }
    try {
      return await fetch(request);
    } catch (gone) {
      const found = await kept(request);
      if (found) return found;
      throw gone;
    }
  })());
});
