import { describe, expect, it } from 'vitest'
import type { Item } from '@/api/types'
import { searched } from '@/services/search'

const figures = (spendable: number, score: number, rank: number) => ({ spendable, score, rank })

/** The module anew, as after a start of the app. */
const restarted = async () => {
  const { vi } = await import('vitest')
  vi.resetModules()
  return (await import('@/services/since')).sinceLast
}

describe('what has changed since the last time', () => {
  it('is told against the run before, as often as the page is shown', async () => {
    expect((await restarted())('8', figures(100, 200, 5), '2026-03-01')).toBe('')
    const sinceLast = await restarted()
    for (let n = 0; n < 2; n++) {
      const told = sinceLast('8', figures(50, 450, 3), '2026-03-04')
      expect(told).toContain('能花的少了0.5分，今年得分多了2.5分，名次升了2位')
    }
    expect((await restarted())('8', figures(50, 450, 3), '2026-03-04')).toBe('今天看过以后，没有变化')
  })

  it('keeps households apart and says nothing of a rank that was none', async () => {
    const first = await restarted()
    first('8', figures(1, 1, 0), '2026-03-01')
    const sinceLast = await restarted()
    expect(sinceLast('9', figures(7, 7, 7), '2026-03-01')).toBe('')
    expect(sinceLast('8', figures(1, 1, 7), '2026-03-01')).toBe('今天看过以后，没有变化')
  })
})

describe('finding a rule', () => {
  const item = (code: string, name: string, cls: string) => ({ code, name, class: cls, hint: '', words: { class: cls } }) as unknown as Item
  const items = [item('sweep', '清扫门前', 'eco'), item('help', '帮工', 'help'), item('ktv', 'KTV整治', 'eco')]
  const initials = { sweep: 'qsmq', help: 'bg', ktv: 'ktvzz' }
  const codes = (cls: string, q: string) => searched(items, cls, q, initials).map((i) => i.code)

  it('takes words, the first letters of their pinyin, or letters of the name', () => {
    expect(codes('', '清扫')).toEqual(['sweep'])
    expect(codes('', 'QSM')).toEqual(['sweep'])
    expect(codes('help', 'qs')).toEqual([])
    expect(codes('', 'ktv')).toEqual(['ktv'])
    expect(codes('', 'KTV')).toEqual(['ktv'])
    expect(codes('eco', '')).toEqual(['sweep', 'ktv'])
  })
})
