/**
 * Answers of the server that are kept on the device, so that a page has something to show where there is no signal. What is
 * sent is never kept here: that is the business of write.ts and drafts.ts.
 */
import { ApiError } from './request'

/** How long one waits for a weak signal when what is kept would do. */
const PATIENCE_MS = 4000

interface Kept<T> {
  at: number
  value: T
}

/** Whether a failure only says that there is no signal, or none worth the name. */
export const noSignal = (e: unknown): boolean => e instanceof ApiError && !e.definite && e.status !== 401

/** Things kept under keys with one beginning, and wiped together. */
export function cupboard(prefix: string) {
  function read<T>(name: string): Kept<T> | undefined {
    const stored: unknown = uni.getStorageSync(prefix + name)
    return stored && typeof stored === 'object' ? (stored as Kept<T>) : undefined
  }

  function keep(name: string, value: unknown): void {
    try {
      uni.setStorageSync(prefix + name, { at: Date.now(), value })
    } catch {
      // No room: drafts come first, and the pages still work with a signal.
    }
  }

  /** What the server says; what was kept of it where there is no signal. */
  async function orKept<T>(name: string, fetch: () => Promise<T>): Promise<T> {
    const old = read<T>(name)
    const fresh = fetch().then((value) => {
      keep(name, value)
      return value
    })
    if (!old) return fresh
    const patience = new Promise<T>((give) => setTimeout(() => give(old.value), PATIENCE_MS))
    return Promise.race([fresh, patience]).catch((e) => {
      if (noSignal(e)) return old.value
      throw e
    })
  }

  /** Names of what is kept. */
  const names = (): string[] => uni.getStorageInfoSync().keys.filter((k) => k.startsWith(prefix)).map((k) => k.slice(prefix.length))

  function wipe(begin = ''): void {
    for (const name of names()) if (name.startsWith(begin)) uni.removeStorageSync(prefix + name)
  }

  return { read, keep, orKept, names, wipe }
}

/** What a villager needs of the own village and household to claim and to check in without signal. Wiped when the person leaves. */
export const ownKept = cupboard('hefen.own.')
