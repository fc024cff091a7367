import { describe, expect, it } from 'vitest'
import { stretches } from '@/team/publish/stretches'

describe('publishing', () => {
  it('offers whole months, also over the turn of a year', () => {
    expect(stretches('2026-01-05').map((s) => [s.from, s.to])).toEqual([
      ['2025-12-01', '2025-12-31'],
      ['2026-01-01', '2026-01-05'],
      ['2025-12-30', '2026-01-05'],
    ])
    expect(stretches('2026-03-31')[0]).toMatchObject({ from: '2026-02-01', to: '2026-02-28' })
  })
})
