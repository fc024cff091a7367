import { describe, expect, it } from 'vitest'
import { addDays, minutesUntil, showDay, showInstant, today } from '@/services/dates'

/** 2026-11-21 23:30 in Shanghai. */
const NOW = Date.parse('2026-11-21T15:30:00Z')

describe('dates', () => {
  it('counts days in Shanghai', () => {
    expect(today(NOW)).toBe('2026-11-21')
    expect(today(NOW + 30 * 60_000)).toBe('2026-11-22')
    expect(addDays('2026-03-01', -1)).toBe('2026-02-28')
  })

  it('names near days, and the year of far ones', () => {
    expect(['2026-11-21', '2026-11-20', '2026-01-05', '2025-12-31'].map((d) => showDay(d, NOW))).toEqual(['今天', '昨天', '1月5日', '2025年12月31日'])
    expect(showInstant('2026-11-21T06:05:00Z', NOW)).toBe('今天 14:05')
    expect(showInstant(NOW, NOW)).toBe('今天 23:30')
    expect(showInstant('nonsense', NOW)).toBe('')
  })

  it('counts minutes up and never below zero', () => {
    expect(minutesUntil(NOW + 61_000, NOW)).toBe(2)
    expect(minutesUntil(NOW - 1, NOW)).toBe(0)
  })
})
