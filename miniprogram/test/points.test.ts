import { describe, expect, it } from 'vitest'
import { formatPoints, missing, parsePoints, signedPoints } from '@/services/points'

describe('points', () => {
  it.each([
    [0, '0'], [100, '1'], [150, '1.5'], [1, '0.01'], [-250, '−2.5'], [123_456_700, '1,234,567'], [99_999, '999.99'], [-100_000, '−1,000'],
  ])('%d hundredths read %s', (amount, text) => expect(formatPoints(amount)).toBe(text))

  it('has a plus before gains only', () => {
    expect([signedPoints(300), signedPoints(0), signedPoints(-300)]).toEqual(['+3', '0', '−3'])
  })

  it.each([
    ['3', 300], ['2.5', 250], ['0.01', 1], ['-1', -100], ['−1.25', -125], [' 4 ', 400], ['+5', 500],
  ])('%s is read as %d', (text, amount) => expect(parsePoints(text)).toBe(amount))

  it.each(['', '.', '1.', '1.234', '一', '1e3', '123456789', '1 2'])('%s is no amount', (text) =>
    expect(parsePoints(text)).toBeUndefined(),
  )

  it('says how much is missing', () => {
    expect(missing(500, 300)).toBe(200)
    expect(missing(500, 900)).toBe(0)
  })
})
