import { describe, expect, it } from 'vitest'
import { codeOf, eventIn } from '@/services/stepcode'

describe('codes that change', () => {
  const secret = new TextEncoder().encode('secret')

  it('are what the server computes', () => {
    expect(codeOf(secret, 59_666_667, 6)).toBe('590998') // the same number stands in the server's test
  })

  it('have all their digits and change with the step', () => {
    const codes = new Set(Array.from({ length: 50 }, (_, i) => codeOf(secret, 59_666_667 + i, 6)))
    expect(codes.size).toBeGreaterThan(45)
    for (const c of codes) expect(c).toMatch(/^\d{6}$/)
  })

  it('name their event', () => {
    expect(eventIn(' HF3-123456789-012345 ')).toBe('123456789')
    for (const other of ['HF2-1234-5678', 'HF3-12-345', '', '012345']) expect(eventIn(other)).toBe('')
  })
})
