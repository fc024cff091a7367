/**
 * Keeps the pages of this build on the device of somebody who works where there is no signal. The API is never kept here:
 * what is known and what was recorded lies in the pages' own storage.
 */
const CACHE = 'hefen-__VERSION__'
const FILES = __FILES__
const PATIENCE_MS = 3000

self.addEventListener('install', (event) => {
  event.waitUntil(caches.open(CACHE).then((cache) => cache.addAll(['/', ...FILES])).then(() => self.skipWaiting()))
})

self.addEventListener('activate', (event) => {
  const old = async () => {
    for (const name of await caches.keys()) if (name.startsWith('hefen-') && name !== CACHE) await caches.delete(name)
    await self.clients.claim()
  }
  event.waitUntil(old())
})

self.addEventListener('fetch', (event) => {
  const url = new URL(event.request.url)
  if (event.request.method !== 'GET' || url.origin !== self.location.origin || url.pathname.startsWith('/api/')) return
  if (FILES.includes(url.pathname)) event.respondWith(kept(url.pathname, event.request))
  else if (event.request.mode === 'navigate' && !url.pathname.includes('.')) event.respondWith(page(event.request))
})

/** A file is named by its content: the copy is as good as the server's. */
async function kept(name, request) {
  return (await (await caches.open(CACHE)).match(name)) ?? fetch(request)
}

/** The first page as the server has it; the copy where it does not answer in time. */
async function page(request) {
  const copy = async () => (await caches.open(CACHE)).match('/')
  const late = new Promise((give) => setTimeout(async () => give(await copy()), PATIENCE_MS))
  const fresh = fetch(request).catch(copy)
  return (await Promise.race([fresh, late])) ?? fresh
}
