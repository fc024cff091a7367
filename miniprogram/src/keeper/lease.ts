/**
 * Redeeming without signal. While there is signal the device takes a lease: which cards there are (by marks that open
 * nothing), what each household may spend, and the shelf with its prices. What is redeemed then is kept here under a request
 * id made at the counter, and stays, with what became of it, until the keeper puts the list away after the lease. Nothing is
 * dropped: a refusal is kept with its reason and can be sent again.
 */
import { lease, marketPaths } from '@/api/market'
import type { Goods, Lease, LeaseReturn } from '@/api/types'
import { ascii, fromBase64, hmac, toBase64 } from '@/services/hmac'
import { randomId } from '@/services/random'
import { ApiError, messageOf, request } from '@/services/request'

const LEASE = 'hefen.lease'
const SALES = 'hefen.lease.sales'
const ASKING = 'hefen.lease.asking'
const DEVICE = 'hefen.device'

export type Budget = Lease['lines'][number]

/** The lease as the device keeps it. */
export interface Kept {
  user: string
  village: string
  shop: string
  lease: Lease
  /** It has been given back: nothing more can be redeemed by it. */
  closed: boolean
}

/** One redemption made without signal. */
export interface Sale {
  /** The server's request, whole. */
  body: {
    request_id: string
    household: string
    member?: string
    card: string
    redeemed_at: number
    lines: { goods: string; qty: number; price: number }[]
    total: number
    signed: boolean
  }
  name: string
  number: string
  /** 香皂×2、毛巾×1 */
  words: string
  state: 'kept' | 'sent' | 'refused'
  answer?: LeaseReturn
  reason?: string
}

export function keptLease(user: string): Kept | undefined {
  const kept: unknown = uni.getStorageSync(LEASE)
  if (!kept || typeof kept !== 'object') return undefined
  return !user || (kept as Kept).user === user ? (kept as Kept) : undefined
}

export function sales(): Sale[] {
  const kept: unknown = uni.getStorageSync(SALES)
  return Array.isArray(kept) ? (kept as Sale[]) : []
}

export const unsent = (user: string): number => (keptLease(user) ? sales().filter((s) => s.state !== 'sent').length : 0)

function save(all: Sale[]): void {
  uni.setStorageSync(SALES, all)
}

async function device(): Promise<string> {
  const name = String(uni.getStorageSync(DEVICE) || '') || `device-${await randomId()}`
  uni.setStorageSync(DEVICE, name)
  return name
}

/**
 * Takes a lease. Its request id is kept before it is sent: the key comes only in this answer, and a lost answer is asked for
 * again by the same id.
 */
export async function takeLease(user: string, village: string, shop: string): Promise<Kept> {
  const asked = String(uni.getStorageSync(ASKING) || '') || (await randomId())
  uni.setStorageSync(ASKING, asked)
  try {
    const body = { request_id: asked, device: await device() }
    const lease = await request<Lease>({ method: 'POST', path: marketPaths.leases(village, shop), body })
    const kept = { user, village, shop, lease, closed: false }
    save([])
    uni.setStorageSync(LEASE, kept)
    uni.removeStorageSync(ASKING)
    return kept
  } catch (e) {
    if (e instanceof ApiError && e.definite) uni.removeStorageSync(ASKING)
    throw e
  }
}

/** The code of a card in what was scanned or typed: bare, or as the address on it. */
export function cardCode(text: string): string {
  return /(?:^|\/k\/)(HF1-[A-Za-z0-9_-]{22})$/.exec(text.trim())?.[1] ?? ''
}

/** The household of a card, by the mark that only the card and the lease together give. */
export function lineOf(lease: Lease, card: string): Budget | undefined {
  const mark = toBase64(hmac(fromBase64(lease.key ?? ''), hmac(ascii(card), ascii('hefen-lease'))).subarray(0, 16))
  return lease.lines.find((line) => line.mark === mark)
}

/** What a household may still spend without signal, in hundredths of a point. */
export function budgetLeft(line: Budget, all: Sale[]): number {
  const own = all.filter((s) => s.body.household === line.household && (s.body.member ?? '') === (line.member ?? ''))
  return line.budget - line.spent - own.reduce((sum, s) => sum + s.body.total, 0)
}

/** Pieces that are still on the shelf as far as this device knows. */
export function stockLeft(goods: Goods, all: Sale[]): number {
  const gone = all.flatMap((s) => s.body.lines).filter((l) => l.goods === goods.id)
  return goods.stock - gone.reduce((sum, l) => sum + l.qty, 0)
}

export const over = (kept: Kept, now = Date.now()): boolean => kept.closed || now >= kept.lease.ends_at

/** Keeps a redemption that a signed paper slip stands for. */
export async function keepSale(line: Budget, card: string, lines: { goods: Goods; quantity: number }[], now = Date.now()): Promise<Sale> {
  const bought = lines.map((l) => ({ goods: l.goods.id, qty: l.quantity, price: l.goods.price }))
  const sale: Sale = {
    body: {
      request_id: await randomId(),
      household: line.household,
      ...(line.member ? { member: line.member } : {}),
      card,
      redeemed_at: now,
      lines: bought,
      total: bought.reduce((sum, l) => sum + l.price * l.qty, 0),
      signed: true,
    },
    name: line.name,
    number: line.number,
    words: lines.map((l) => `${l.goods.name}×${l.quantity}`).join('、'),
    state: 'kept',
  }
  save([...sales(), sale])
  return sale
}

let sending: Promise<string> | undefined

/** Brings back what has no answer yet, in order. Answers what to tell the keeper; empty when all is there. */
export function bringBack(kept: Kept): Promise<string> {
  sending ??= bring(kept).finally(() => (sending = undefined))
  return sending
}

async function bring(kept: Kept): Promise<string> {
  const path = marketPaths.returns(kept.village, kept.shop, kept.lease.id)
  for (const sale of sales().filter((s) => s.state !== 'sent')) {
    try {
      const answer = await request<LeaseReturn>({ method: 'POST', path, body: sale.body })
      change(sale, { state: 'sent', answer, reason: '' })
    } catch (e) {
      if (!(e instanceof ApiError) || !e.definite) return '现在没有信号，都还记在手机里，有信号了再交。'
      change(sale, { state: 'refused', reason: messageOf(e) })
    }
  }
  return ''
}

/** The card is forgotten once the server has an answer for it. */
function change(sale: Sale, to: Partial<Sale>): void {
  save(sales().map((s) => (s.body.request_id === sale.body.request_id ? { ...s, ...to, body: to.state === 'sent' ? { ...s.body, card: '' } : s.body } : s)))
}

/** After the lease was given back. */
export function markClosed(kept: Kept): Kept {
  const closed = { ...kept, closed: true }
  uni.setStorageSync(LEASE, closed)
  return closed
}

/** Whether the lease was ended from another device; without signal nobody can tell. */
export async function endedElsewhere(kept: Kept): Promise<boolean> {
  try {
    if (!(await lease(kept.village, kept.shop, kept.lease.id)).closed_at) return false
  } catch {
    return false
  }
  markClosed(kept)
  return true
}

/** Puts lease and list away once all is answered; written: what the server refused has been copied onto paper. */
export function putAway(written = false): boolean {
  if (sales().some((s) => s.state === 'kept' || (s.state === 'refused' && !written))) return false
  uni.removeStorageSync(LEASE)
  uni.removeStorageSync(SALES)
  return true
}
