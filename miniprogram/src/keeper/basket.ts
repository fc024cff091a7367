/** What is being bought: for whom, how many of what. Pure sums, so that they can be tested. */
import { reactive } from 'vue'
import type { Counter, Goods } from '@/api/types'

export interface Basket {
  counter: Counter | null
  /** Pieces by goods id; none are absent. */
  pieces: Record<string, number>
}

export const basket = reactive<Basket>({ counter: null, pieces: {} })

export function openBasket(counter: Counter): void {
  basket.counter = counter
  basket.pieces = {}
}

/** The price of everything in it, in hundredths of a point. */
export function total(pieces: Record<string, number>, shelf: Goods[]): number {
  return shelf.reduce((sum, g) => sum + g.price * (pieces[g.id] ?? 0), 0)
}

/** How many of these could be in the basket: no more than there are, no more than the points allow beside the rest. */
export function limitOf(g: Goods, pieces: Record<string, number>, shelf: Goods[], spendable: number): number {
  const inside = pieces[g.id] ?? 0
  const rest = spendable - total(pieces, shelf)
  const affordable = g.price > 0 ? inside + Math.floor(Math.max(0, rest) / g.price) : g.stock
  return Math.max(0, Math.min(g.stock, affordable))
}

/** The lines to send, in the order of the shelf. */
export function linesOf(pieces: Record<string, number>, shelf: Goods[]): { goods: Goods; quantity: number }[] {
  return shelf.map((goods) => ({ goods, quantity: pieces[goods.id] ?? 0 })).filter((line) => line.quantity > 0)
}
