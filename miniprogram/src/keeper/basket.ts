/** What is being bought: by whom, how many of what. Pure sums, so that they can be tested. */
import { reactive } from 'vue'
import type { Goods, Visit } from '@/api/types'

/** Who fetches for another household: somebody of the village's register, or an official who is not in it. */
export interface AgentChoice {
  name: string
  /** As the server takes it. */
  as: { member: string; relation: 'relative' | 'neighbour' | 'cadre' } | { official: string; relation: 'cadre' }
}

export interface Basket {
  visit: Visit | null
  /** Pieces by goods id; none are absent. */
  pieces: Record<string, number>
  agent: AgentChoice | null
  /** Which fee points take off a part of. */
  feeFor: string
  /** They have signed the paper slip. */
  signed: boolean
}

export const basket = reactive<Basket>({ visit: null, pieces: {}, agent: null, feeFor: '', signed: false })

export function openBasket(visit: Visit): void {
  Object.assign(basket, { visit, pieces: {}, agent: null, feeFor: '', signed: false })
}

export function emptyBasket(): void {
  Object.assign(basket, { visit: null, pieces: {}, agent: null, feeFor: '', signed: false })
}

/** The price of everything in it, in hundredths of a point. */
export function total(pieces: Record<string, number>, shelf: Goods[]): number {
  return shelf.reduce((sum, g) => sum + g.price * (pieces[g.id] ?? 0), 0)
}

/** How dear a basket may be: what can be spent, and the part that cash may make up. */
export function room(spendable: number, topUpPercent: number): number {
  if (spendable <= 0) return 0
  return Math.floor((spendable * 100) / (100 - topUpPercent))
}

/** How many of these could be in the basket: no more than there are or one household may have, no more than there is room for. */
export function limitOf(g: Goods, pieces: Record<string, number>, shelf: Goods[], most: number): number {
  const inside = pieces[g.id] ?? 0
  const rest = most - total(pieces, shelf)
  const there = g.terms?.fee ? 999 : g.stock
  const allowed = g.terms?.limit_qty || there
  const affordable = g.price > 0 ? inside + Math.floor(Math.max(0, rest) / g.price) : there
  return Math.max(0, Math.min(there, allowed, affordable))
}

/** The lines to send, in the order of the shelf. */
export function linesOf(pieces: Record<string, number>, shelf: Goods[]): { goods: Goods; quantity: number }[] {
  return shelf.map((goods) => ({ goods, quantity: pieces[goods.id] ?? 0 })).filter((line) => line.quantity > 0)
}

/** The cash that makes up for missing points: whole fen, rounded up. Nothing where points are enough. */
export function topUpOf(sum: number, spendable: number, fenPerPoint: number): { points: number; fen: number } | undefined {
  const points = sum - spendable
  if (points <= 0 || spendable <= 0) return undefined
  return { points, fen: Math.ceil((points * fenPerPoint) / 100) }
}

/** Whether something must make sure of who spends this much. */
export function needsProof(spent: number, proofAbove: number, agent: boolean): boolean {
  return spent > proofAbove || agent
}
