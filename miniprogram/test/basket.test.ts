import { describe, expect, it } from 'vitest'
import type { Goods } from '@/api/types'
import { limitOf, linesOf, needsProof, room, topUpOf, total } from '@/keeper/basket'

const goods = (id: string, price: number, stock: number) => ({ id, name: id, unit: '块', price, stock, note: '' }) as Goods
const shelf = [goods('soap', 500, 3), goods('towel', 1200, 10), goods('gift', 0, 2)]

describe('basket', () => {
  it('adds up prices by the piece', () => {
    expect(total({ soap: 2, towel: 1 }, shelf)).toBe(2200)
    expect(total({}, shelf)).toBe(0)
  })

  it('allows no more than there are', () => {
    expect(limitOf(shelf[0]!, {}, shelf, 100_000)).toBe(3)
    expect(limitOf(shelf[2]!, {}, shelf, 0)).toBe(2)
  })

  it('allows no more than the points reach beside what is already inside', () => {
    expect(limitOf(shelf[1]!, {}, shelf, 2500)).toBe(2)
    expect(limitOf(shelf[1]!, { soap: 2 }, shelf, 2500)).toBe(1)
    expect(limitOf(shelf[0]!, { soap: 2 }, shelf, 1000)).toBe(2)
  })

  it('allows nothing to a household in debt', () => {
    expect(limitOf(shelf[0]!, {}, shelf, -500)).toBe(0)
  })

  it('allows no more than one household may have, and any number of a fee', () => {
    const oil = { ...goods('oil', 100, 50), terms: { limit_qty: 2, limit_span: 'month' } } as Goods
    const fee = { ...goods('fee', 100, 0), terms: { fee: true } } as Goods
    expect(limitOf(oil, {}, [oil], 100_000)).toBe(2)
    expect(limitOf(fee, {}, [fee], 1000)).toBe(10)
  })

  it('leaves room for the part that cash may make up', () => {
    expect(room(7000, 30)).toBe(10_000)
    expect(room(7000, 0)).toBe(7000)
    expect(room(0, 30)).toBe(0)
    expect(topUpOf(1200, 1000, 50)).toEqual({ points: 200, fen: 100 })
    expect(topUpOf(1201, 1000, 50)).toEqual({ points: 201, fen: 101 })
    expect(topUpOf(1000, 1000, 50)).toBeUndefined()
    expect(topUpOf(1000, 0, 50)).toBeUndefined()
  })

  it('asks for a proof above the limit, and of every agent', () => {
    expect(needsProof(5000, 5000, false)).toBe(false)
    expect(needsProof(5001, 5000, false)).toBe(true)
    expect(needsProof(1, 5000, true)).toBe(true)
  })

  it('sends only what was taken', () => {
    expect(linesOf({ soap: 1, towel: 0 }, shelf).map((l) => [l.goods.id, l.quantity])).toEqual([['soap', 1]])
  })
})
