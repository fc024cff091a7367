/**
 * The household code on a phone (手机上的码): an alias and digits that change every 30 seconds. The secret comes once, while
 * there is signal, and is kept on the phone; from then on the code can be shown without any.
 */
import type { PhoneCode } from '@/api/types'
import { fromBase64, hmac } from './hmac'

const KEY = 'hefen.phonecode'
const DIGITS = 100_000_000

/** What the phone keeps of a code. */
export interface Kept extends PhoneCode {
  /** Milliseconds by which the server's clock is ahead of this phone's. */
  ahead: number
  user: string
}

function all(): Record<string, Kept> {
  const stored: unknown = uni.getStorageSync(KEY)
  return stored && typeof stored === 'object' ? (stored as Record<string, Kept>) : {}
}

/** The code of a household that this user's phone holds. */
export function keptCode(household: string, user: string): Kept | undefined {
  const kept = all()[household]
  return kept?.user === user ? kept : undefined
}

export function keepCode(code: PhoneCode, user: string, now = Date.now()): Kept {
  const kept = { ...code, ahead: code.server_time - now, user }
  uni.setStorageSync(KEY, { ...all(), [code.household]: kept })
  return kept
}

/** What the phone shows at an instant, and for how many seconds more. */
export function codeAt(kept: Kept, now = Date.now()): { text: string; digits: string; left: number } {
  const at = Math.floor((now + kept.ahead) / 1000)
  const step = Math.floor(at / kept.step_seconds)
  const digits = digitsOf(fromBase64(kept.secret), step)
  return { text: `HF2-${kept.alias}-${digits}`, digits, left: kept.step_seconds - (at % kept.step_seconds) }
}

/** The first eight bytes of HMAC-SHA256(secret, step as eight bytes, big endian), as a number, its last eight digits. */
export function digitsOf(secret: Uint8Array, step: number): string {
  const message = new Uint8Array(8)
  new DataView(message.buffer).setUint32(0, Math.floor(step / 2 ** 32))
  new DataView(message.buffer).setUint32(4, step % 2 ** 32)
  const rest = hmac(secret, message).subarray(0, 8).reduce((sum, byte) => (sum * 256 + byte) % DIGITS, 0)
  return String(rest).padStart(8, '0')
}
