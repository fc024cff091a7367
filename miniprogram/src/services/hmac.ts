/**
 * SHA-256 and HMAC in plain TypeScript: the mini-program has no WebCrypto, and H5 on a shop's own network (http) has none
 * either. Used for what a phone must work out without signal: the changing code and the marks of cards.
 */
const K = constants()

/** The first 32 bits of the fractional parts of the cube roots of the first 64 primes (FIPS 180-4). */
function constants(): Uint32Array {
  const k: number[] = []
  for (let n = 2; k.length < 64; n++) {
    let prime = true
    for (let d = 2; d * d <= n; d++) if (n % d === 0) prime = false
    if (prime) k.push((Math.cbrt(n) % 1) * 2 ** 32)
  }
  return Uint32Array.from(k)
}

const START = [0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a, 0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19]

export function sha256(message: Uint8Array): Uint8Array {
  const size = Math.ceil((message.length + 9) / 64) * 64
  const padded = new Uint8Array(size)
  padded.set(message)
  padded[message.length] = 0x80
  const view = new DataView(padded.buffer)
  view.setUint32(size - 8, Math.floor(message.length / 2 ** 29))
  view.setUint32(size - 4, message.length * 8)
  const h = Uint32Array.from(START)
  const w = new Uint32Array(64)
  for (let at = 0; at < size; at += 64) block(view, at, h, w)
  const out = new Uint8Array(32)
  h.forEach((word, i) => new DataView(out.buffer).setUint32(i * 4, word))
  return out
}

const turn = (x: number, by: number) => (x >>> by) | (x << (32 - by))

function block(view: DataView, at: number, h: Uint32Array, w: Uint32Array): void {
  const word = (i: number) => w[i] ?? 0
  for (let i = 0; i < 64; i++) {
    if (i < 16) {
      w[i] = view.getUint32(at + i * 4)
      continue
    }
    const x = word(i - 15)
    const y = word(i - 2)
    w[i] = word(i - 16) + (turn(x, 7) ^ turn(x, 18) ^ (x >>> 3)) + word(i - 7) + (turn(y, 17) ^ turn(y, 19) ^ (y >>> 10))
  }
  let [a = 0, b = 0, c = 0, d = 0, e = 0, f = 0, g = 0, last = 0] = h
  for (let i = 0; i < 64; i++) {
    const t1 = (last + (turn(e, 6) ^ turn(e, 11) ^ turn(e, 25)) + ((e & f) ^ (~e & g)) + (K[i] ?? 0) + word(i)) | 0
    const t2 = ((turn(a, 2) ^ turn(a, 13) ^ turn(a, 22)) + ((a & b) ^ (a & c) ^ (b & c))) | 0
    last = g
    g = f
    f = e
    e = (d + t1) | 0
    d = c
    c = b
    b = a
    a = (t1 + t2) | 0
  }
  ;[a, b, c, d, e, f, g, last].forEach((x, i) => (h[i] = (h[i] ?? 0) + x))
}

export function hmac(key: Uint8Array, message: Uint8Array): Uint8Array {
  const k = new Uint8Array(64)
  k.set(key.length > 64 ? sha256(key) : key)
  const inner = sha256(join(k.map((b) => b ^ 0x36), message))
  return sha256(join(k.map((b) => b ^ 0x5c), inner))
}

function join(a: Uint8Array, b: Uint8Array): Uint8Array {
  const out = new Uint8Array(a.length + b.length)
  out.set(a)
  out.set(b, a.length)
  return out
}

/** Bytes of text that holds nothing beyond ASCII. */
export const ascii = (text: string) => Uint8Array.from(text, (c) => c.charCodeAt(0) & 127)

export const fromBase64 = (text: string) => new Uint8Array(uni.base64ToArrayBuffer(text))

export const toBase64 = (bytes: Uint8Array) => uni.arrayBufferToBase64(bytes.slice().buffer as ArrayBuffer)
