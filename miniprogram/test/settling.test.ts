import { flushPromises, mount } from '@vue/test-utils'
import { beforeEach, describe, expect, it } from 'vitest'
import type { Case, Item } from '@/api/types'
import { ensureMe, landing } from '@/services/session'
import Objections from '@/team/objections/index.vue'
import Votes from '@/team/votes/index.vue'
import { missingOf, settleBody, settlingOf } from '@/team/settling'
import { answers, requests, synced } from './server'

const record = (over: object = {}) => ({ id: '6', item: 'a', item_name: '清扫', household_name: '张三家', note: '门前', reasons: [], photos: [], occurred_on: '2026-03-01', created_at: 0, state: 'objected', points: 500, ...over }) as unknown as Case
const item = (value: object) => ({ code: 'a', value, words: {} }) as unknown as Item

describe('the answer to an objection', () => {
  it('needs an outcome and words, and nothing else where the record stays or goes', () => {
    const form = settlingOf(record())
    expect(missingOf(form, record())).toBe('先选怎样处理')
    for (const outcome of ['kept', 'removed'] as const) {
      Object.assign(form, { outcome, answer: ' 看 ' })
      expect(missingOf(form, record())).toBe('再写答复')
      form.answer = ' 照片看得清 '
      expect(missingOf(form, record())).toBe('')
      expect(settleBody(form, record())).toEqual({ outcome, answer: '照片看得清' })
    }
  })

  it('asks for what the item needs when the record is corrected, and keeps the rest of it', () => {
    const range = item({ kind: 'range', from: 100, to: 1000 })
    const given = record({ asked: 500, quantity: 2000 })
    const form = { ...settlingOf(given), outcome: 'amended' as const, answer: '确实多了' }
    expect(form.points).toBe('5')
    expect(missingOf(form, given, range)).toBe('和原来一样，没有更正')
    for (const points of ['0.5', '10.01', '三']) expect(missingOf({ ...form, points }, given, range)).toBe('分数超出范围')
    expect(missingOf({ ...form, points: '3', note: ' ' }, given, range)).toContain('为什么')
    expect(settleBody({ ...form, points: '3' }, given, range)).toEqual({ outcome: 'amended', answer: '确实多了', points: 300, grade: '', quantity: 2000, note: '门前' })
  })

  it('corrects a grade, a quantity, or the words alone', () => {
    const base = { outcome: 'amended' as const, answer: '改好了' }
    const graded = record({ grade: 'good' })
    const grades = item({ kind: 'grades', grades: [] })
    expect(missingOf({ ...settlingOf(graded), ...base, grade: '' }, graded, grades)).toContain('等次')
    expect(settleBody({ ...settlingOf(graded), ...base, grade: 'fair' }, graded, grades)).toMatchObject({ grade: 'fair', points: 0, quantity: 0 })

    const counted = record({ quantity: 1500 })
    const perUnit = item({ kind: 'per_unit', unit: '小时' })
    expect(settlingOf(counted).quantity).toBe('1.5')
    expect(missingOf({ ...settlingOf(counted), ...base, quantity: 'x' }, counted, perUnit)).toBe('请填多少小时')
    expect(settleBody({ ...settlingOf(counted), ...base, quantity: '1.25' }, counted, perUnit)).toMatchObject({ quantity: 1250 })

    const fixed = item({ kind: 'fixed', points: 500 })
    expect(missingOf({ ...settlingOf(record()), ...base }, record(), fixed)).toContain('没有更正')
    expect(missingOf({ ...settlingOf(record()), ...base, note: '后院' }, record(), fixed)).toBe('')
  })

  it('lowers what the rules fix, and changes the lines of a sheet', () => {
    const base = { outcome: 'amended' as const, answer: '改好了' }
    const minus = item({ kind: 'fixed', points: -1000 })
    for (const points of ['-10', '-11', '3', '0', '三']) expect(missingOf({ ...settlingOf(record()), ...base, points }, record(), minus)).toBe('分数超出范围')
    const lowered = { ...settlingOf(record()), ...base, points: '-4' }
    expect(missingOf(lowered, record(), minus)).toBe('')
    expect(settleBody(lowered, record(), minus)).toMatchObject({ points: -400 })

    const sheet = item({ kind: 'sheet', parts: [{ code: 'room', name: '室内', full: 600 }, { code: 'yard', name: '院坝', options: [{ code: 'neat', name: '整齐', points: 200 }] }] })
    const checked = record({ parts: [{ code: 'yard', option: 'neat' }, { code: 'room', off: 150 }] })
    const form = { ...settlingOf(checked), ...base }
    expect(form.parts).toEqual({ room: { option: '', off: '1.5' }, yard: { option: 'neat', off: '' } })
    expect(missingOf(form, checked, sheet)).toContain('没有更正')
    const better = { ...form, parts: { ...form.parts, room: { option: '', off: '' } } }
    expect(settleBody(better, checked, sheet)).toMatchObject({ points: 0, parts: [{ code: 'yard', option: 'neat' }] })
    expect(missingOf({ ...form, parts: { ...form.parts, room: { option: '', off: '7' } } }, checked, sheet)).toContain('室内')
  })

  it('a deduction is shown and read with its sign', () => {
    const minus = record({ asked: -250 })
    const range = item({ kind: 'range', from: -1000, to: 0 })
    const form = { ...settlingOf(minus), outcome: 'amended' as const, answer: '罚重了' }
    expect(form.points).toBe('-2.5')
    expect(settleBody({ ...form, points: '-1' }, minus, range)).toMatchObject({ points: -100 })
  })
})

describe('the list of objections', () => {
  const me = { user_id: '1', name: '李四', memberships: [], roles: [{ id: '2', role: 'first_secretary', village_id: '7' }], bindings: [] }
  const objection = { id: '5', village: '7', case: '6', item_name: '清扫', case_name: '1001 张三', how: 'phone', name: '张三', text: '分数不对', made_at: 0, due_on: '2020-03-09', raised: false, outcome: '', outcome_name: '处理中' }

  beforeEach(() => {
    answers.length = 0
    uni.setStorageSync('hefen.token', 't')
  })

  it('puts what is due first, leaves what was raised to the town, and shows why the server refuses', async () => {
    const later = { ...objection, id: '8', due_on: '2099-01-01', text: '晚些' }
    const raised = { ...objection, id: '9', due_on: '2020-01-01', raised: true }
    answers.push({ status: 200, body: me }, { status: 200, body: { items: [later, objection, raised] } })
    const page = mount(Objections)
    await flushPromises()
    const cards = page.findAll('.objection')
    expect(cards.map((c) => c.findAll('wd-button').length)).toEqual([0, 1, 1])
    expect(cards[0]!.text()).toContain('已经上报')
    expect(cards[1]!.text()).toContain('打电话提的')

    answers.push({ status: 200, body: record() }, { status: 200, body: { items: [item({ kind: 'fixed' })] } })
    await cards[1]!.find('wd-button').trigger('click')
    await flushPromises()
    expect(requests().slice(-2).map((r) => r.url.replace(/^.*\/villages/, ''))).toEqual(['/7/cases/6', '/7/scheme'])
    await page.findAll('.hf-sheet .choice')[0]!.trigger('tap')
    await page.findAll('.hf-sheet input').at(-1)!.trigger('input', { detail: { value: '照片看得清' } })
    answers.push({ status: 200, body: synced({ state: 'conflict', reason: '登记、审核过这条记录的人不能处理对它的异议' }) })
    await page.findAll('wd-button').find((b) => b.text() === '就这样答复')!.trigger('click')
    await flushPromises()
    expect(requests().at(-1)!.data.drafts).toMatchObject([{ kind: 'settle', target: '5', settle: { outcome: 'kept', answer: '照片看得清' } }])
    expect(page.find('.hf-sheet .notice-brick').text()).toContain('登记、审核过')
  })
})

describe('the vote of the panel', () => {
  const me = { user_id: '1', name: '王五', memberships: [], roles: [{ id: '2', role: 'panel_member', village_id: '7' }], bindings: [] }

  it('is where a member without a household begins; gives a value within the range, and shows the result', async () => {
    answers.length = 0
    uni.setStorageSync('hefen.token', 't')
    answers.push({ status: 200, body: me })
    await ensureMe(true)
    expect(landing()).toBe('/team/votes/index')
    answers.push({ status: 200, body: { items: [record({ state: 'submitted', asked: 400 })] } }, { status: 200, body: { items: [item({ kind: 'range', from: 100, to: 1000 })] } })
    const page = mount(Votes)
    await flushPromises()
    expect(page.text()).toContain('自评 +4分')
    const press = (word: string) => page.findAll('wd-button').find((b) => b.text() === word)!.trigger('click')
    await press('不同意')
    expect(page.find('.hf-sheet').text()).toContain('先写为什么')
    await press('再看看')
    await press('同意')
    await page.find('.hf-sheet input').trigger('input', { detail: { value: '20' } })
    expect(page.find('.hf-sheet').text()).toContain('分数超出范围')
    await page.find('.hf-sheet input').trigger('input', { detail: { value: '6' } })
    const ballot = { ayes: 3, noes: 1, quorum: 3, mean: 500, closes: 0, asked: false }
    answers.push({ status: 200, body: synced({ state: 'done', made: '6' }) }, { status: 200, body: record({ state: 'effective', ballot }) }, { status: 200, body: { items: [] } }, { status: 200, body: { items: [] } })
    await press('投同意')
    await flushPromises()
    expect(requests().find((r) => r.url.endsWith('/sync'))!.data.drafts).toMatchObject([{ kind: 'vote', target: '6', vote: { aye: true, points: 600 } }])
    expect(page.find('.voted').text()).toContain('3票同意，1票不同意，平均5分')
    expect(page.find('.voted').text()).toContain('通过了')
  })
})
