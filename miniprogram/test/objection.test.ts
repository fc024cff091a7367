import { flushPromises, mount } from '@vue/test-utils'
import { beforeEach, describe, expect, it } from 'vitest'
import List from '@/pages/objections/index.vue'
import Passbook from '@/pages/passbook/index.vue'
import { answers, requests } from './server'

const me = { user_id: '1', name: '张三', memberships: [{ village_id: '7', household_id: '8', member_id: '9' }], roles: [], bindings: [] }
const objection = { id: '5', village: '7', case: '6', item_name: '清扫', case_name: '张三家（1001）', how: 'app', text: '分数不对', made_at: 0, due_on: '2026-03-09', raised: false, frozen: 500, outcome: '', outcome_name: '' }

describe('objections', () => {
  beforeEach(() => {
    answers.length = 0
    uni.setStorageSync('hefen.token', 't')
  })

  it('tell by when they are answered, what is frozen, and can be taken back while open', async () => {
    answers.push({ status: 200, body: me }, { status: 200, body: { items: [objection, { ...objection, id: '4', outcome: 'kept', outcome_name: '维持', answer: '照片看得清' }] } })
    const page = mount(List)
    await flushPromises()
    const [open, settled] = page.findAll('.objection')
    expect(open!.text()).toContain('等答复')
    expect(open!.text()).toContain('5 分')
    expect(settled!.text()).toContain('照片看得清')
    expect(settled!.find('.link').exists()).toBe(false)
    await open!.find('.link').trigger('tap')
    answers.push({ status: 200, body: objection }, { status: 200, body: { items: [] } })
    await page.findAll('wd-button').find((b) => b.text() === '撤回')!.trigger('click')
    await flushPromises()
    expect(requests().at(-2)!.url).toContain('/villages/7/households/8/objections/5/withdraw')
    expect(page.text()).toContain('没有提过异议')
  })

  it('are reached from a line of the book that has a record behind it', async () => {
    const entry = { id: '1', kind: 'award', kind_name: '加分', title: '清扫', amount: 200, balance_after: 200, wallet: 's', wallet_name: '积分', bucket: 'available' as const, score: 200, lines: [], counted_on: '2026-03-01', occurred_on: '2026-03-01', created_at: 0, reasons: ['清扫：每次2分', '依据《积分细则》第1版'] }
    answers.push({ status: 200, body: { items: [{ ...entry, case: '6' }, { ...entry, id: '2' }], next: '' } })
    const page = mount(Passbook)
    await flushPromises()
    const [withRecord, without] = page.findAll('.ruled')
    expect(withRecord!.text()).toContain('提异议')
    expect(withRecord!.text()).toContain('清扫：每次2分')
    expect(withRecord!.text()).not.toContain('依据')
    expect(without!.text()).not.toContain('提异议')
    expect(without!.text()).toContain('核对封账')
  })
})
