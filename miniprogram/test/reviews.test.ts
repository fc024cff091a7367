import { flushPromises, mount } from '@vue/test-utils'
import { beforeEach, describe, expect, it, vi } from 'vitest'
import { answers, requests, synced, type Answer } from './server'

const me = { user_id: '1', name: '李队员', memberships: [], roles: [{ id: '2', role: 'team_member', village_id: '7' }], bindings: [] }
const claim = { id: '55', household_name: '张三', item: 'sweep', item_name: '清扫', state: 'submitted', state_name: '待审核', can_review: true, occurred_on: '2026-05-01', points: 0, reasons: [] }
const page1 = { status: 200, body: { items: [claim], next: '' } }
const rules = { status: 200, body: { items: [{ code: 'sweep', words: { value: '每次2分' } }], classes: [] } }
const none = { status: 200, body: { items: [], next: '' } }

async function open(...later: Answer[]) {
  uni.setStorageSync('hefen.token', 't')
  answers.push({ status: 200, body: me }, page1, rules, none, ...later)
  vi.resetModules()
  const { default: Page } = await import('@/team/reviews/index.vue')
  const page = mount(Page)
  await flushPromises()
  const press = async (word: string) => {
    await page.findAll('wd-button').find((b) => b.text() === word)!.trigger('click')
    await flushPromises()
  }
  return { page, press }
}

describe('reviews', () => {
  beforeEach(() => {
    answers.length = 0
  })

  it('are sent at once where there is a signal', async () => {
    const { page, press } = await open({ status: 200, body: synced({ state: 'done', made: '55', points: 200 }) }, { status: 200, body: { items: [], next: '' } })
    expect(page.text()).toContain('每次2分') // nobody approves a number unseen
    await press('同意')
    const sent = requests().find((r) => r.url.endsWith('/sync'))!
    expect(sent.data.drafts).toMatchObject([{ kind: 'approve', target: '55' }])
    expect(page.text()).toContain('没有等您审核的')
  })

  it('wait on the device without signal, are seen to wait, and can be taken back', async () => {
    const { page, press } = await open({})
    await press('同意')
    expect(page.text()).toContain('已同意，等着送')
    await page.findAll('.link').find((l) => l.text() === '先不定')!.trigger('tap')
    expect(page.text()).not.toContain('等着送')
    expect(page.findAll('wd-button').map((b) => b.text())).toContain('同意')
  })

  it('of a case that another has decided meanwhile say so', async () => {
    const { page, press } = await open({ status: 200, body: synced({ state: 'conflict', reason: '别人已经审过了' }) }, page1)
    await press('同意')
    expect(page.text()).toContain('别人已经审过了')
  })
})
