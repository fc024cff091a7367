/**
 * Codes that change every 30 seconds, worked out on the phone from a secret that came while there was a signal: the first
 * eight bytes of HMAC-SHA256(secret, step as eight bytes, big endian), as a number, its last digits.
 */
import { hmac } from '@noble/hashes/hmac.js'
import { sha256 } from '@noble/hashes/sha2.js'
import type { EventSecret } from '@/api/types'

const KEY = 'hefen.eventcodes'
const KEPT = 10

/** What an organiser's phone keeps of an event's code. */
export interface KeptSecret extends EventSecret {
  /** Milliseconds by which the server's clock is ahead of this phone's. */
  ahead: number
  user: string
}

export function codeOf(secret: Uint8Array, step: number, digits: number): string {
  const message = new Uint8Array(8)
  const view = new DataView(message.buffer)
  view.setUint32(0, Math.floor(step / 2 ** 32))
  view.setUint32(4, step % 2 ** 32)
  const room = 10 ** digits
  const rest = hmac(sha256, secret, message).subarray(0, 8).reduce((sum, byte) => (sum * 256 + byte) % room, 0)
  return String(rest).padStart(digits, '0')
}

/** What the phone shows at an instant, and for how many seconds more. */
export function shownAt(kept: KeptSecret, now = Date.now()): { text: string; digits: string; left: number } {
  const at = Math.floor((now + kept.ahead) / 1000)
  const digits = codeOf(new Uint8Array(uni.base64ToArrayBuffer(kept.secret)), Math.floor(at / kept.step_seconds), kept.digits)
  return { text: `${kept.prefix}${kept.activity}-${digits}`, digits, left: kept.step_seconds - (at % kept.step_seconds) }
}

/** The event that a scanned code names; empty for any other text. */
export function eventIn(text: string): string {
  return /^HF3-(\d{1,20})-\d{6}$/.exec(text.trim())?.[1] ?? ''
}

function all(): KeptSecret[] {
  const stored: unknown = uni.getStorageSync(KEY)
  return Array.isArray(stored) ? (stored as KeptSecret[]) : []
}

/** Keeps a secret, so that the code can be shown where there is no signal; those of the last events only. */
export function keepSecret(secret: EventSecret, user: string, now = Date.now()): KeptSecret {
  const kept = { ...secret, ahead: secret.server_time - now, user }
  uni.setStorageSync(KEY, [kept, ...all().filter((k) => k.activity !== secret.activity)].slice(0, KEPT))
  return kept
}

export const keptSecret = (activity: string, user: string) => all().find((k) => k.activity === activity && k.user === user)
