/**
 * Checking a seal on the phone: from the text of an entry and the hashes beside its way up, the root of the tree is
 * computed here (RFC 6962) and held against what is printed on a notice or a passbook page. Nothing the server says
 * about the root is believed. The hashing is a kept library, because mini-programs and plain http have no crypto.subtle.
 */
import { sha256 } from '@noble/hashes/sha2.js'
import { bytesToHex, concatBytes, hexToBytes, utf8ToBytes } from '@noble/hashes/utils.js'

/** An entry's place in a seal, as the server gives it. */
export interface Inclusion {
  entry: string
  text: string
  index: number
  path: string[]
}

const LEAF = Uint8Array.of(0)
const NODE = Uint8Array.of(1)
const FIRST_LINE = 'hefen-entry-1'

/** SHA-256 of a zero byte and the text. */
export function leafHash(text: string): Uint8Array {
  return sha256(concatBytes(LEAF, utf8ToBytes(text)))
}

/** The root of the tree of so many entries that this proof leads to; undefined when the proof does not fit the size. */
export function rootOf(proof: Pick<Inclusion, 'text' | 'index' | 'path'>, size: number): string | undefined {
  const { index, path } = proof
  if (!Number.isSafeInteger(index) || !Number.isSafeInteger(size) || index < 0 || index >= size) return undefined
  if (path.some((h) => !/^[0-9a-f]{64}$/.test(h))) return undefined
  let hash = leafHash(proof.text)
  let at = index
  let last = size - 1
  for (const hex of path) {
    if (last === 0) return undefined
    const beside = hexToBytes(hex)
    if (at % 2 === 1 || at === last) {
      hash = sha256(concatBytes(NODE, beside, hash))
      while (at % 2 === 0 && at !== 0) {
        at = Math.floor(at / 2)
        last = Math.floor(last / 2)
      }
    } else {
      hash = sha256(concatBytes(NODE, hash, beside))
    }
    at = Math.floor(at / 2)
    last = Math.floor(last / 2)
  }
  return last === 0 ? bytesToHex(hash) : undefined
}

/** What a person read off the paper: how many entries, and the root or its beginning. */
export interface Printed {
  size: number
  root: string
}

/** Fewer digits than this say too little: 16 of them are 64 bits. */
export const LEAST_DIGITS = 16

/**
 * Reads "2400-1a2b 3c4d …" as printed, with any spaces and full-width signs; undefined when it is no seal. Letters that
 * look like digits on bad paper are read as such.
 */
export function readCode(typed: string): Printed | undefined {
  const text = typed
    .replace(/[\uff01-\uff5e]/g, (c) => String.fromCharCode(c.charCodeAt(0) - 0xfee0))
    .toLowerCase()
    .replace(/^[^0-9]*封账号[:：]?/, '')
    .replace(/[\s,，。]/g, '')
    .replace(/[–—−]/g, '-')
  const parts = /^(\d{1,12})-([0-9a-zol]+)$/.exec(text)
  if (!parts) return undefined
  const root = parts[2]!.replace(/o/g, '0').replace(/l/g, '1')
  if (!/^[0-9a-f]{16,64}$/.test(root)) return undefined
  return { size: Number(parts[1]), root }
}

/** The fields of an entry's text; undefined for another layout. */
export function fieldsOf(text: string): Record<string, string> | undefined {
  const lines = text.split('\n')
  if (lines[0] !== FIRST_LINE) return undefined
  const fields: Record<string, string> = {}
  for (const line of lines.slice(1, -1)) {
    const eq = line.indexOf('=')
    if (eq < 1) return undefined
    fields[line.slice(0, eq)] = line.slice(eq + 1).replace(/\\(\\|n)/g, (_, c: string) => (c === 'n' ? '\n' : '\\'))
  }
  return fields
}

/** One line of the passbook as it is shown. */
export interface Shown {
  wallet: string
  bucket: string
  amount: number
  balance_after: number
}

export type Verdict = { good: true; compared: number } | { good: false; why: string }

/**
 * Whether every shown line of an event stands unchanged in the seal that is printed: its text says what the passbook
 * shows, and its way up ends at the printed root.
 */
export function check(event: { id: string; lines: Shown[] }, proofs: Inclusion[], printed: Printed): Verdict {
  if (proofs.length === 0) return { good: false, why: '没有取到这一笔的封账证明。' }
  const open = [...event.lines]
  for (const proof of proofs) {
    const fields = fieldsOf(proof.text)
    if (!fields) return { good: false, why: '封账证明的格式不认识，请更新后再试。' }
    if (fields.posting !== event.id || fields.entry !== proof.entry) return { good: false, why: '封账证明是另一笔的，不是这一笔的。' }
    const at = open.findIndex(
      (l) => fields.wallet === l.wallet && fields.bucket === l.bucket && fields.amount === String(l.amount) && fields.balance_after === String(l.balance_after),
    )
    if (at < 0) return { good: false, why: '存折上显示的分数，和封账时记的不一样。' }
    open.splice(at, 1)
    if (!rootOf(proof, printed.size)?.startsWith(printed.root)) return { good: false, why: '算出来的号和纸上印的对不上。' }
  }
  if (open.length > 0) return { good: false, why: '存折上多出了封账时没有的内容。' }
  return { good: true, compared: printed.root.length }
}
