import { describe, expect, it } from 'vitest'
import { bar, change, monthName } from '@/services/figures'
import { formatPoints } from '@/services/points'

describe('figures', () => {
  it('says how a number changed, and nothing where there was none before', () => {
    expect(change(5, 3, '上个月', '户')).toBe('比上个月多2户')
    expect(change(3, 5, '去年全年', '户')).toBe('比去年全年少2户')
    expect(change(3, 3, '上个月', '户')).toBe('和上个月一样')
    expect(change(3, 0, '上个月', '户')).toBe('')
    expect(change(150, 1400, '上个月', '分', formatPoints)).toBe('比上个月少12.5分')
  })

  it('draws bars against the longest; what is there at all is seen', () => {
    expect(bar(50, 100)).toBe(50)
    expect(bar(1, 10_000)).toBe(2)
    expect(bar(0, 100)).toBe(0)
    expect(bar(-5, 100)).toBe(0)
    expect(bar(5, 0)).toBe(0)
  })

  it('names months, January with its year', () => {
    expect(monthName('2026-01')).toBe('2026年1月')
    expect(monthName('2026-11')).toBe('11月')
  })
})
