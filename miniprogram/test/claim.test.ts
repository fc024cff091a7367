import { flushPromises, mount } from '@vue/test-utils'
import { beforeEach, describe, expect, it, vi } from 'vitest'
import type { Item } from '@/api/types'
import { claimable, missingFrom, newClaim, thousandths, type ClaimForm } from '@/services/claim'
import { answers, requests, synced, type Answer } from './server'
import { pageQuery } from './setup'

const item = (over: object = {}) => ({ code: 'sweep', name: '清扫', class: 'eco', ways: ['entry', 'claim'], evidence: ['photo'], value: { kind: 'fixed', points: 200 }, words: { class: '环境', value: '每次2分', caps: '', evidence: '照片', review: '要另一个人审核' }, ...over }) as unknown as Item
const form = (over: Partial<ClaimForm> = {}): ClaimForm => ({ item: item(), grade: '', points: '', quantity: '', note: '', occurred_on: '2026-03-01', subject: '', photos: ['ab'], ...over })

describe('a claim', () => {
  it('is offered for rules that a household may enter and a phone can fill in', () => {
    const all = [item(), item({ code: 'a', ways: ['entry'] }), item({ code: 'b', value: { kind: 'sheet' } }), item({ code: 'c', ways: ['peer'] }), item({ code: 'd', parties: [{ who: 'named' }] })]
    expect(claimable(all, 'claim').map((i) => i.code)).toEqual(['sweep'])
    expect(claimable(all, 'peer').map((i) => i.code)).toEqual(['c'])
  })

  it('says what is missing, one thing at a time', () => {
    expect(missingFrom(form(), false)).toBe('')
    expect(missingFrom(form({ photos: [] }), false)).toContain('照片')
    expect(missingFrom(form({ photos: [], item: item({ evidence: ['photo', 'both'] }) }), false)).toBe('')
    expect(missingFrom(form(), true)).toContain('谁做的')
    const range = item({ value: { kind: 'range', from: 100, to: 500 } })
    expect(missingFrom(form({ item: range, points: '6' }), false)).toContain('请填对分数')
    expect(missingFrom(form({ item: range, points: '3' }), false)).toContain('做了什么')
    expect(missingFrom(form({ item: range, points: '3', note: '帮忙' }), false)).toBe('')
    expect(missingFrom(form({ item: item({ value: { kind: 'per_unit', unit: '小时' } }), quantity: '0' }), false)).toContain('小时')
  })

  it('sends what the kind needs, in the measures of the server', () => {
    expect(newClaim(form())).toEqual({ item: 'sweep', occurred_on: '2026-03-01', evidence: [{ kind: 'photo', sha256: 'ab' }] })
    expect(newClaim(form({ item: item({ value: { kind: 'per_unit' }, evidence: ['certificate'] }), quantity: '1.5', note: ' 两小时 ' }))).toEqual({ item: 'sweep', occurred_on: '2026-03-01', quantity: 1500, note: '两小时', evidence: [{ kind: 'certificate', sha256: 'ab' }] })
    expect(['1', '0.001', '1234567', '1.2345', '-1', ''].map(thousandths)).toEqual([1000, 1, undefined, undefined, undefined, undefined])
  })
})

describe('photos being sent', () => {
  beforeEach(() => {
    answers.length = 0
  })

  it('go one after the other; one that failed can be sent again', async () => {
    const sent: string[] = []
    let fail = true
    vi.mocked(uni.chooseImage as unknown as (o: { success(r: object): void }) => void).mockImplementation((o) => o.success({ tempFilePaths: ['a', 'b'] }))
    vi.mocked(uni.uploadFile as unknown as (o: { filePath: string; success(r: object): void }) => void).mockImplementation((o) => {
      sent.push(o.filePath)
      if (o.filePath === 'b' && fail) return o.success({ statusCode: 413, data: JSON.stringify({ error: { code: 'x', msg: '照片太大' } }) })
      o.success({ statusCode: 200, data: JSON.stringify({ photo: `id-${o.filePath}` }) })
    })
    const { usePhotos } = await import('@/composables/usePhotos')
    const shots = usePhotos(() => '7')
    await shots.add()
    expect(shots.photos.map((p) => p.photo)).toEqual(['id-a', ''])
    expect(shots.problem.value).toBe('照片太大')
    fail = false
    shots.again()
    await flushPromises()
    expect(shots.photos.map((p) => p.photo)).toEqual(['id-a', 'id-b'])
    expect(sent).toEqual(['a', 'b', 'b'])
    shots.remove(0)
    expect([shots.problem.value, shots.photos.length]).toEqual(['', 1])
  })
})

describe('the claim page', () => {
  beforeEach(() => {
    answers.length = 0
  })

  async function handIn(answer: Answer) {
    const me = { user_id: '1', name: '张三', memberships: [{ village_id: '7', household_id: '8', member_id: '9' }], roles: [], bindings: [] }
    const rules = { subject: 'household', classes: [{ code: 'eco', name: '环境' }], items: [item({ evidence: ['none'] })], initials: { sweep: 'qs' } }
    uni.setStorageSync('hefen.token', 't')
    answers.push({ status: 200, body: me }, { status: 200, body: rules }, answer)
    vi.resetModules()
    const { default: Page } = await import('@/pages/claim/index.vue')
    const page = mount(Page)
    await flushPromises()
    await page.find('.item').trigger('tap')
    const press = async (word: string) => {
      await page.findAll('wd-button').find((b) => b.text() === word)!.trigger('click')
      await flushPromises()
    }
    await press('交上去')
    return { page, press }
  }

  it('goes from the thing to sent in few taps, as a draft of the household', async () => {
    const { page } = await handIn({ status: 200, body: synced({ state: 'done', made: '5', waits: true }) })
    const last = requests().at(-1)!
    expect(last.url).toContain('/villages/7/sync')
    expect(last.data.drafts).toMatchObject([{ kind: 'claim', household: '8', claim: { item: 'sweep' } }])
    expect(page.text()).toContain('交上去了')
  })

  it('waits on the device without signal, stands among the claims, and can be taken back', async () => {
    const { page } = await handIn({})
    expect(page.text()).toContain('已经记在手机里')
    const { ownDrafts, findDraft } = await import('@/services/drafts')
    const [draft] = ownDrafts('1', ['claim']).value
    const { default: DraftCard } = await import('@/components/draft-card.vue')
    const card = mount(DraftCard, { props: { draft: draft! } })
    expect(card.text()).toContain('等着送')
    await card.findAll('.link').find((l) => l.text() === '不送了，撤回')!.trigger('tap')
    await card.findAll('wd-button').find((b) => b.text() === '删掉')!.trigger('click')
    expect(findDraft(draft!.request_id)).toBeUndefined()
  })

  it('of a neighbour who cannot be looked up without signal carries the number, and the name where persons count', async () => {
    const me = { user_id: '1', name: '张三', memberships: [{ village_id: '7', household_id: '8', member_id: '9' }], roles: [], bindings: [] }
    const rules = { subject: 'person', classes: [{ code: 'eco', name: '环境' }], items: [item({ ways: ['peer'], evidence: ['none'] })], initials: {} }
    pageQuery.way = 'peer'
    uni.setStorageSync('hefen.token', 't')
    answers.push({ status: 200, body: me }, { status: 200, body: rules })
    vi.resetModules()
    const { default: Page } = await import('@/pages/claim/index.vue')
    const page = mount(Page)
    await flushPromises()
    const press = async (word: string) => {
      await page.findAll('wd-button').find((b) => b.text() === word)!.trigger('click')
      await flushPromises()
    }
    await page.find('input').trigger('input', { detail: { value: ' 0302 ' } })
    await press('找这家')
    expect(page.text()).toContain('现在没有信号')
    await page.findAll('input')[1]!.trigger('input', { detail: { value: '李小梅' } })
    await press('照户号写下来')
    expect(page.text()).toContain('替 户号 0302的李小梅报')
    await page.find('.item').trigger('tap')
    await press('交上去')
    const { ownDrafts } = await import('@/services/drafts')
    expect(ownDrafts('1', ['report']).value).toMatchObject([{ label: '替0302号户报：清扫', body: { household: '8', number: '0302', who: '李小梅', claim: { item: 'sweep' } } }])
  })

  it('refused goes back into the form, as it was filled in', async () => {
    const { page, press } = await handIn({ status: 200, body: synced({ state: 'conflict', reason: '这件事本月已经满了' }) })
    expect(page.text()).toContain('没有交上：这件事本月已经满了')
    await press('改一改，再交')
    expect(page.text()).not.toContain('没有交上')
    expect(page.text()).toContain('清扫')
  })
})
