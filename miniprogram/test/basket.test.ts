import { describe, expect, it } from 'vitest'
import type { Goods } from '@/api/types'
import { limitOf, linesOf, total } from '@/keeper/basket'

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

  it('sends only what was taken', () => {
    expect(linesOf({ soap: 1, towel: 0 }, shelf).map((l) => [l.goods.id, l.quantity])).toEqual([['soap', 1]])
  })
})
