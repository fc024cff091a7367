import { flushPromises, mount } from '@vue/test-utils'
import { beforeEach, describe, expect, it } from 'vitest'
import BoardRow from '@/components/board-row.vue'
import { spanAt, spanName, spanYear } from '@/services/spans'
import Page from '@/pages/boards/index.vue'
import { answers, requests } from './server'

const NOW = Date.parse('2026-02-03T08:00:00Z')

describe('spans', () => {
  it('name the one that runs and those before it, over the turn of a year', () => {
    expect([0, -1].map((n) => spanAt('year', n, NOW))).toEqual(['2026', '2025'])
    expect([0, -1, -2].map((n) => spanAt('half', n, NOW))).toEqual(['2026H1', '2025H2', '2025H1'])
    expect([0, -1, -4].map((n) => spanAt('quarter', n, NOW))).toEqual(['2026Q1', '2025Q4', '2025Q1'])
    expect([0, -2, -12].map((n) => spanAt('month', n, NOW))).toEqual(['2026-02', '2025-12', '2025-02'])
  })

  it('are said as people say them', () => {
    expect(['2026', '2026H2', '2026Q3', '2026-11'].map(spanName)).toEqual(['2026年', '2026年下半年', '2026年第三季度', '2026年11月'])
    expect(['20251101-20261031', '20260215-20260531'].map(spanName)).toEqual(['2025年11月1日至2026年10月31日', '2026年2月15日至5月31日'])
    expect(['2026Q3', '20251101-20261031'].map(spanYear)).toEqual(['2026', '2026'])
  })
})

describe('a place on a board', () => {
  const row = { id: '1', name: '张*三', rank: 2, amount: 1250, tied: false, mine: false }
  const shown = (moved: number | undefined, since = '上个月') => mount(BoardRow, { props: { row: { ...row, moved }, since } })

  it('tells movement by a sign and in words', () => {
    expect(shown(3).text()).toContain('升3位')
    expect(shown(-2).text()).toContain('降2位')
    expect(shown(-2).find('.moved .hf-icon').exists()).toBe(true)
    expect(shown(0).text()).toContain('没有变')
    expect(shown(undefined).text()).toContain('新上榜')
    expect(shown(3, '').text()).not.toContain('升')
  })
})

describe('the boards page', () => {
  beforeEach(() => {
    answers.length = 0
  })

  it('asks for another board when another time or class is chosen, and shows no old rank under a new name', async () => {
    const me = { user_id: '1', name: '张三', memberships: [{ village_id: '7', household_id: '8', member_id: '9' }], roles: [], bindings: [] }
    const page = (name: string) => ({ status: 200, body: { kind: 'households', span: '', items: [{ id: '8', name, rank: 1, amount: 100, tied: false, mine: true, moved: 1 }], of: 1 } })
    const rules = { status: 200, body: { subject: 'household', classes: [{ code: 'eco', name: '环境' }, { code: 'help', name: '互助' }], items: [] } }
    uni.setStorageSync('hefen.token', 't')
    const own = { span: '20241101-20251031', code: 'nian', name: '村年', from_on: '2024-11-01', to_on: '2025-10-31', over: true }
    answers.push({ status: 200, body: me }, rules, { status: 200, body: { items: [own] } }, page('甲'), page('甲'))
    const shown = mount(Page, { global: { stubs: { 'wd-button': true, 'wd-popup': true } } })
    await flushPromises()
    expect(shown.text()).toContain('甲')
    answers.push({ hangs: true }, { hangs: true })
    await shown.findAll('.choice').find((c) => c.text() === '月')!.trigger('tap')
    await flushPromises()
    expect(shown.text()).not.toContain('甲')
    expect(requests().at(-1)!.url).toMatch(/boards\/households\?span=\d{4}-\d\d&limit=30/)
    answers.push({ hangs: true }, { hangs: true })
    await shown.findAll('.knob')[0]!.trigger('tap')
    await flushPromises()
    expect(requests()).toHaveLength(9)
    answers.push({ hangs: true }, { hangs: true })
    await shown.findAll('.choice').find((c) => c.text() === '村年')!.trigger('tap')
    await flushPromises()
    expect(shown.text()).toContain('村年 2024年11月1日至2025年10月31日')
    expect(requests().at(-1)!.url).toContain('span=20241101-20251031')
    expect(shown.findAll('.knob-off')).toHaveLength(2) // there is only this one
  })
})
