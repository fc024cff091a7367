/** The browser's shelf: IndexedDB. What a page of this origin may keep is asked of the browser. */
import type { UseStore } from 'idb-keyval'
import { LONG_SIDE, QUALITY, type Shelf } from './shelf'

const UNKNOWN_ROOM = 200 * 1024 * 1024

let opened: Promise<{ idb: typeof import('./idb'); store: UseStore }> | undefined

function open() {
  opened ??= import('./idb').then((idb) => ({ idb, store: idb.createStore('hefen-photos', 'photos') }))
  return opened
}

const addresses = new Map<string, string>()

export const browserShelf: Shelf = {
  async shrink(path) {
    const image = await load(path)
    const scale = Math.min(1, LONG_SIDE / Math.max(image.naturalWidth, image.naturalHeight, 1))
    const canvas = document.createElement('canvas')
    canvas.width = Math.max(1, Math.round(image.naturalWidth * scale))
    canvas.height = Math.max(1, Math.round(image.naturalHeight * scale))
    const pen = canvas.getContext('2d')
    if (!pen) throw new Error('canvas')
    pen.fillStyle = '#fff' // a signature has no ground of its own
    pen.fillRect(0, 0, canvas.width, canvas.height)
    pen.drawImage(image, 0, 0, canvas.width, canvas.height)
    const blob = await new Promise<Blob | null>((done) => canvas.toBlob(done, 'image/jpeg', QUALITY))
    if (!blob) throw new Error('canvas')
    return blob.arrayBuffer()
  },
  async put(name, bytes) {
    const { idb, store } = await open()
    await idb.set(name, bytes, store)
  },
  async get(name) {
    const { idb, store } = await open()
    return idb.get<ArrayBuffer>(name, store)
  },
  async drop(name) {
    const { idb, store } = await open()
    await idb.del(name, store)
    const shown = addresses.get(name)
    if (shown) URL.revokeObjectURL(shown)
    addresses.delete(name)
  },
  async names() {
    const { idb, store } = await open()
    return idb.keys<string>(store)
  },
  async address(name) {
    const bytes = addresses.has(name) ? undefined : await this.get(name)
    if (bytes) addresses.set(name, URL.createObjectURL(new Blob([bytes], { type: 'image/jpeg' })))
    return addresses.get(name) ?? ''
  },
  async room() {
    const estimate = await navigator.storage?.estimate?.().catch(() => undefined)
    return estimate?.quota === undefined ? UNKNOWN_ROOM : estimate.quota - (estimate.usage ?? 0)
  },
}

function load(path: string): Promise<HTMLImageElement> {
  return new Promise((resolve, reject) => {
    const image = new Image()
    image.onload = () => resolve(image)
    image.onerror = () => reject(new Error('picture'))
    image.src = path
  })
}
