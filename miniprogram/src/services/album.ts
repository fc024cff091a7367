/**
 * Photos taken for what is being recorded: made small, named by the SHA-256 of their bytes, and kept on the device until
 * the record that they prove has been carried out. The name is known without a network, so a record can point to them.
 */
import { sha256 } from '@noble/hashes/sha2.js'
import { ApiError } from './request'
import { shelf } from './shelf'

const NEARLY_FULL = 20 * 1000 * 1000

export interface KeptPhoto {
  sha256: string
  size: number
}

export function hashOf(bytes: ArrayBuffer): string {
  return Array.from(sha256(new Uint8Array(bytes)), (b) => b.toString(16).padStart(2, '0')).join('')
}

/** Keeps a picture of the device. Throws ApiError with a sentence for the person when it cannot. */
export async function keepPhoto(path: string): Promise<KeptPhoto> {
  const bytes = await shelf.shrink(path).catch(() => {
    throw new ApiError(0, 'picture', '这张照片读不了，请重新拍一张')
  })
  const name = hashOf(bytes)
  try {
    await shelf.put(name, bytes)
  } catch {
    throw new ApiError(0, 'space', '手机空间不够，照片存不下，请先把等着送的送出去，或者清理手机')
  }
  fresh.add(name)
  return { sha256: name, size: bytes.byteLength }
}

/** Kept since the app was started: what they are for may not be written down yet. */
const fresh = new Set<string>()

export const photoBytes = (name: string) => shelf.get(name)
export const photoShown = (name: string) => shelf.address(name)
export const dropPhoto = (name: string) => shelf.drop(name)

/** Whether photos will soon not fit any more. */
export async function albumNearlyFull(): Promise<boolean> {
  return (await shelf.room().catch(() => Number.MAX_SAFE_INTEGER)) < NEARLY_FULL
}

/** Removes the photos that nothing on the device points to. */
export async function tidyAlbum(inUse: Set<string>): Promise<void> {
  for (const name of await shelf.names().catch(() => [])) {
    if (!inUse.has(name) && !fresh.has(name)) await shelf.drop(name).catch(() => undefined)
  }
}
