/** HMAC-SHA256 for what a phone must work out without signal: the changing code and the marks of cards. */
import { hmac as mac } from '@noble/hashes/hmac.js'
import { sha256 } from '@noble/hashes/sha2.js'

export const hmac = (key: Uint8Array, message: Uint8Array): Uint8Array => mac(sha256, key, message)

/** Bytes of text that holds nothing beyond ASCII. */
export const ascii = (text: string) => Uint8Array.from(text, (c) => c.charCodeAt(0) & 127)

export const fromBase64 = (text: string) => new Uint8Array(uni.base64ToArrayBuffer(text))

export const toBase64 = (bytes: Uint8Array) => uni.arrayBufferToBase64(bytes.slice().buffer as ArrayBuffer)
