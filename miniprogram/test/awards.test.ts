import { describe, expect, it } from 'vitest'
import type { Award, AwardObjection, AwardRound } from '@/api/types'
import { nextStep, stateName } from '@/team/awards/steps'

const round = (award?: Partial<Award>, more: Partial<AwardRound> = {}): AwardRound => ({
  code: 'year',
  name: '年终评比',
  of: 'household',
  span: '2026',
  on: '2026-12-31',
  shut: true,
  ...(award ? { award: { state: 'published', drawings: [], prizes: { posted: 0, due: 0, collected: 0 }, object_until: '2027-01-10', ...award } as Award } : {}),
  ...more,
})
const objection = (state: AwardObjection['state']) => ({ state }) as AwardObjection
const LATER = '2027-01-11'

describe('what comes next about an award round', () => {
  it('publishes a list only when the day has come and the span is shut', () => {
    expect(nextStep(round(), [], '2026-12-30').next).toBe('wait')
    expect(nextStep(round(undefined, { shut: false }), [], LATER).next).toBe('season')
    expect(nextStep(round(), [], LATER).next).toBe('publish')
  })

  it('fixes a list only after its time for objections, when all were answered and none upheld', () => {
    expect(nextStep(round({}), [], '2027-01-10').next).toBe('wait')
    expect(nextStep(round({}), [objection('upheld'), objection('open')], LATER).next).toBe('answer')
    expect(nextStep(round({}), [objection('upheld')], '2027-01-02').next).toBe('withdraw')
    expect(nextStep(round({}), [objection('refused')], LATER).next).toBe('freeze')
  })

  it('draws before it issues, once, and goes on with what was broken off', () => {
    const drawings = [{ no: 1, what: '三等奖', seats: 1, accounts: ['1', '2'] }]
    expect(nextStep(round({ state: 'frozen', drawings }), [], LATER).next).toBe('draw')
    expect(nextStep(round({ state: 'frozen', drawings, number: '73' }), [], LATER).next).toBe('issue')
    expect(nextStep(round({ state: 'frozen' }), [], LATER).next).toBe('issue')
    expect(nextStep(round({ state: 'issuing' }), [], LATER).next).toBe('issue')
    expect(nextStep(round({ state: 'issued' }), [], LATER).next).toBe('hand')
  })

  it('calls given only what was given', () => {
    const words = (posted: number, due: number, collected: number) => nextStep(round({ state: 'issued', prizes: { posted, due, collected } }), [], LATER).words
    expect(words(0, 0, 0)).toContain('没有要发的')
    expect(words(0, 2, 1)).toBe('还有2份等人来领，来一个登记一个。')
    expect(words(3, 2, 0)).toBe('积分已经入账。还有2份等人来领，来一个登记一个。')
    expect(words(3, 0, 2)).toBe('积分已经入账。奖励都领完了。')
  })

  it('names where a round stands', () => {
    expect(stateName(round())).toBe('还没公布')
    expect(stateName(round({ state: 'issued' }))).toBe('发放了')
  })
})
