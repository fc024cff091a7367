import { flushPromises, mount } from '@vue/test-utils'
import { beforeEach, describe, expect, it, vi } from 'vitest'
import type { Item } from '@/api/types'
import { changeable, missingOf, money, ranks, versus } from '@/team/trial/trial'
import { answers, requests } from './server'

const item = (code: string, kind: string, points: number) => ({ code, name: code, class: 'eco', value: { kind, points }, words: { class: '环境' } }) as unknown as Item
const sweep = item('清扫', 'fixed', 200)
const litter = item('乱倒', 'fixed', -300)

describe('a change of the rules on trial', () => {
  it('is of rules that have one number, with the same sign', () => {
    expect(changeable([sweep, item('评级', 'grades', 0), item('义工', 'per_unit', 100)]).map((i) => i.code)).toEqual(['清扫', '义工'])
    expect(missingOf([])).toContain('先选')
    expect(missingOf([{ item: sweep, points: '' }])).toContain('改成多少分')
    expect(missingOf([{ item: sweep, points: '-1' }])).toContain('正数')
    expect(missingOf([{ item: litter, points: '2' }])).toContain('负数')
    expect(missingOf([{ item: sweep, points: '2' }])).toContain('没有改')
    expect(missingOf([{ item: sweep, points: '3' }, { item: litter, points: '-1' }])).toBe('')
  })

  it('is told in plain words', () => {
    expect(versus(10_000, 12_000)).toBe('120 分，比现在多 20 分')
    expect(versus(500, 500)).toBe('5 分，和现在一样')
    expect(money({ fen_old: 1000, fen_new: 800 } as never)).toBe('兑换要花的钱会少 2.00 元')
    expect(ranks({ old_rank: 3, new_rank: 2 } as never)).toBe('第3名变第2名')
    expect(ranks({ old_rank: 3, new_rank: 3 } as never)).toBe('还是第3名')
  })
})

describe('the page of a trial', () => {
  beforeEach(() => {
    answers.length = 0
  })

  it('finds a rule, asks for its points, and shows who would gain; another change takes the answer away', async () => {
    uni.setStorageSync('hefen.token', 't')
    const me = { user_id: '1', memberships: [], roles: [{ id: '2', role: 'first_secretary', village_id: '7' }], bindings: [] }
    const report = {
      from: '2026-01-01', to: '2026-11-22', title: '', cases: 9, old: 1000, new: 1500, old_taken: 0, new_taken: 0, moved: 2, fen_old: 0, fen_new: 0, classes: [], months: [], losers: [],
      gainers: [{ id: '5', number: '12', name: '张三', old: 200, new: 300, old_rank: 3, new_rank: 2 }],
    }
    answers.push({ status: 200, body: me }, { status: 200, body: { items: [sweep, litter], initials: {} } }, { status: 200, body: report })
    vi.resetModules()
    const { default: Page } = await import('@/team/trial/index.vue')
    const page = mount(Page)
    await flushPromises()
    const fields = () => page.findAllComponents({ name: 'hf-input' })
    fields()[0]!.vm.$emit('update:modelValue', '清')
    await flushPromises()
    await page.find('.found .choice').trigger('tap')
    fields()[0]!.vm.$emit('update:modelValue', '3')
    await flushPromises()
    await page.findAll('wd-button').find((b) => b.text() === '试算')!.trigger('click')
    await flushPromises()
    expect(requests().at(-1)).toMatchObject({ url: expect.stringContaining('/villages/7/scheme/preview'), data: { changes: [{ item: '清扫', points: 300 }] } })
    expect(page.text()).toContain('15 分，比现在多 5 分')
    expect(page.text()).toContain('张三')
    expect(page.text()).toContain('第3名变第2名')
    fields()[0]!.vm.$emit('update:modelValue', '4')
    await flushPromises()
    expect(page.text()).not.toContain('张三')
  })
})

describe('a long list that is here as a whole', () => {
  it('is searched, and shown some at a time', async () => {
    const { useFound } = await import('@/composables/useFound')
    const all = Array.from({ length: 130 }, (_, n) => ({ name: `户${n}` }))
    const list = useFound(() => all, (a) => [a.name], 60)
    expect([list.shown.value.length, list.rest.value]).toEqual([60, 60])
    list.more()
    expect([list.shown.value.length, list.rest.value]).toEqual([120, 10])
    list.query.value = '户12'
    await flushPromises()
    expect(list.found.value.map((a) => a.name)).toEqual(['户12', ...Array.from({ length: 10 }, (_, n) => `户12${n}`)])
    list.again()
    expect(list.found.value).toHaveLength(130)
  })
})
