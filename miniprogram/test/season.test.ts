import { describe, expect, it } from 'vitest'
import type { SeasonClosing, SeasonLook, SeasonRun, SeasonWaiting } from '@/api/types'
import { closingWords, endedSpans, GRACE_MS, nextEnd, overridesOf } from '@/team/season/ends'

const NOW = Date.parse('2027-01-05T03:00:00Z')
const look = (state: SeasonLook['state'], since?: number): SeasonLook => ({ span: '2026', state, since, waiting: [], closings: [] })
const run = (state: SeasonRun['state']) => ({ state }) as SeasonRun
const waits = (kind: SeasonWaiting['kind'], blocks: boolean): SeasonWaiting => ({ kind, blocks, count: 2, examples: [], name: kind })

describe('the end of a period', () => {
  it('offers spans that are over, the last first', () => {
    expect(endedSpans('month', NOW).slice(0, 2)).toEqual(['2026-12', '2026-11'])
    expect(endedSpans('year', NOW)).toEqual(['2026', '2025'])
  })

  it('stops first and closes a minute later', () => {
    expect(nextEnd(look('open'), undefined, NOW)).toBe('stop')
    expect(nextEnd(look('grace', NOW - GRACE_MS + 1), run('stopped'), NOW)).toBe('soon')
    expect(nextEnd(look('grace', NOW - GRACE_MS), run('stopped'), NOW)).toBe('close')
    expect(nextEnd(look('closed', NOW), undefined, NOW)).toBe('close')
  })

  it('goes on with a close that was broken off and leaves alone what is done', () => {
    expect(nextEnd(look('closed', NOW), run('closing'), NOW)).toBe('again')
    expect(nextEnd(look('closed', NOW), run('waiting'), NOW)).toBe('done')
    expect(nextEnd(look('closed', NOW), run('done'), NOW)).toBe('done')
  })

  it('asks a reason for each thing that blocks and for nothing else', () => {
    const list = [waits('case_submitted', true), waits('reservation', false)]
    expect(overridesOf(list, { case_submitted: ' ' })).toBeUndefined()
    expect(overridesOf(list, { case_submitted: ' 人在外地 ' })).toEqual([{ kind: 'case_submitted', why: '人在外地' }])
    expect(overridesOf([], {})).toEqual([])
  })

  it('says in words what a close did', () => {
    const c = { resets: 3, reset_sum: -12000, grants: 0, coins: 2, coin_sum: 1500, tags: 0, lifts: 0, named: 0 } as SeasonClosing
    expect(closingWords(c)).toEqual(['清零结转：3个账户，共减 120 分', '名次奖励：2个账户，共 15 分'])
    expect(closingWords({ ...c, resets: 0, coins: 0 })).toEqual(['没有要变动的积分，只定下名次'])
  })
})
