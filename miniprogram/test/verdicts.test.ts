import { flushPromises, mount, type VueWrapper } from '@vue/test-utils'
import { beforeEach, describe, expect, it, vi } from 'vitest'
import { answers, requests, synced, type Answer } from './server'
import { store } from './setup'

vi.mock('@/services/shelf', () => ({ shelf: { names: async () => [], drop: async () => undefined, room: async () => 1e9 } }))

const record = (over: object = {}) => ({ id: '6', batch: '6', item: 'sweep', item_name: '清扫', household: '3', household_name: '张三', number: '1001', state: 'submitted', state_name: '待审核', asked: 400, occurred_on: '2026-03-01', reasons: [], photos: [], ...over })
const rules = { subject: 'household', items: [{ code: 'sweep', name: '清扫', class: 'eco', ways: ['entry'], value: { kind: 'range', from: 100, to: 1000 }, words: {} }], classes: [] }
const objection = { id: '5', village: '7', case: '6', item_name: '清扫', case_name: '1001 张三', how: 'phone', name: '张三', text: '分数不对', made_at: 0, due_on: '2099-03-09', raised: false, outcome: '', outcome_name: '处理中' }
const sample = { id: '4', month: '2026-02-01', seed: '06 11', pool: 9, pool_hash: 'ab', by_name: '潘德贵', drawn_at: 0, lines: [{ line: 1, case: '6', item_name: '清扫', case_name: '1001 张三', points: '+4', state_name: '生效', finding: '' }] }
const telling = { case: '6', household: '3', number: '1001', name: '张三', item_name: '乱倒', occurred_on: '2026-03-01', decided_on: '2026-03-02', points: -500, warned: false, reasons: [], state: 'effective', counts: '已经扣了' }

const as = (role: string) => ({ user_id: '1', name: '李四', memberships: [], roles: [{ id: '2', role, village_id: '7' }], bindings: [] })

/** Where there is a signal: what the server answers, by the end of the path. */
interface Signal {
  role: string
  says: Record<string, unknown>
  /** What becomes of each draft. */
  drafts?: object
}

type Sent = Parameters<ReturnType<typeof synced>>[0]

/** A freshly started app of this person opens a page; without signal nothing is answered. */
async function open(path: string, signal?: Signal): Promise<VueWrapper> {
  vi.resetModules()
  uni.setStorageSync('hefen.token', 't')
  answers.length = 0
  const body = (sent: Sent) => {
    const asked = new URL(sent.url).pathname
    if (asked.endsWith('/me')) return as(signal!.role)
    if (asked.endsWith('/sync')) return synced(signal!.drafts ?? { state: 'later' })(sent)
    return Object.entries(signal!.says).find(([end]) => asked.endsWith(end))?.[1] ?? { items: [] }
  }
  if (signal) answers.push(...Array<Answer>(20).fill({ status: 200, body }))
  const { default: Page } = await import(`../src/team/${path}/index.vue`)
  const page = mount(Page)
  await flushPromises()
  answers.length = 0 // the signal is gone again
  return page
}

async function press(page: VueWrapper, word: string): Promise<void> {
  const found = [...page.findAll('wd-button'), ...page.findAll('.link'), ...page.findAll('.choice')].find((b) => b.text().includes(word))
  if (!found) throw new Error(`no ${word} in ${page.text()}`)
  await found.trigger(found.element.tagName.toLowerCase() === 'wd-button' ? 'click' : 'tap')
  await flushPromises()
}

async function write(page: VueWrapper, text: string): Promise<void> {
  await page.findAll('.hf-sheet input').at(-1)!.trigger('input', { detail: { value: text } })
}

const drafts = () => [...store.entries()].filter(([k]) => k.startsWith('hefen.draft.')).map(([, v]) => v as { kind: string; state: string })

const polling: Signal = { role: 'panel_member', says: { '/polls': { items: [record()] }, '/scheme': rules } }

describe('what is said of records without signal', () => {
  beforeEach(() => {
    answers.length = 0
  })

  it('a vote waits on the device, stands there after a restart without signal, and can be taken back', async () => {
    let page = await open('votes', polling)
    await press(page, '同意')
    await write(page, '6')
    await press(page, '投同意')
    expect(page.text()).toContain('已投同意，等着送')
    page = await open('votes')
    expect(page.text()).toContain('现在没有信号')
    expect(page.text()).toContain('已投同意，等着送')
    await press(page, '先不定')
    expect(page.text()).not.toContain('等着送')
    expect(drafts()).toEqual([])
  })

  it('a vote that came too late says why, also when that is known only later', async () => {
    let page = await open('votes', polling)
    await press(page, '不同意')
    await write(page, '没看到做')
    await press(page, '投不同意')
    page = await open('votes', { ...polling, drafts: { state: 'conflict', reason: '这条记录的表决已经截止' } })
    expect(page.text()).toContain('没有办成：这条记录的表决已经截止')
    await press(page, '知道了')
    expect(drafts()).toEqual([])
  })

  it('an objection is answered by what was kept of its record', async () => {
    await open('objections', { role: 'first_secretary', says: { '/objections': { items: [objection] }, '/cases/6': record({ state: 'effective', points: 400 }) } })
    store.set('hefen.field.7.scheme', { at: 0, value: rules })
    const page = await open('objections')
    await press(page, '处理并答复')
    await press(page, '更正')
    await page.findAll('.hf-sheet input')[0]!.trigger('input', { detail: { value: '3' } })
    await page.findAll('.hf-sheet input')[1]!.trigger('input', { detail: { value: '只做了一半' } })
    await write(page, '去看过了，改3分')
    await press(page, '就这样答复')
    expect(page.text()).toContain('已答复“更正”，等着送')
    expect(drafts()).toMatchObject([{ kind: 'settle', state: 'waiting', body: { target: '5', settle: { outcome: 'amended', points: 300, answer: '去看过了，改3分' } } }])
    await open('objections', { role: 'first_secretary', says: {} })
    expect(Object.fromEntries(store)).not.toHaveProperty(['hefen.field.7.case.6'])
  })

  it('a finding and a telling are written down on the spot', async () => {
    await open('samples', { role: 'village_supervisor', says: { '/samples': { items: [sample] } } })
    let page = await open('samples')
    await page.find('.line').trigger('tap')
    await press(page, '有瑕疵')
    await write(page, '照片不清楚')
    await press(page, '记下结果')
    expect(page.text()).toContain('已记“有瑕疵”，等着送')
    await open('tellings', { role: 'team_member', says: { '/tellings': { items: [telling] } } })
    page = await open('tellings')
    await press(page, '告知了，记下来')
    await write(page, '户主本人')
    await press(page, '记下来')
    expect(page.text()).toContain('已告知，等着送')
    expect(drafts().map((d) => d.kind)).toEqual(['finding', 'telling'])
    await open('tellings', { role: 'team_member', says: {}, drafts: { state: 'done' } })
    expect(requests().filter((r) => r.url.endsWith('/sync')).at(-1)!.data.drafts).toMatchObject([
      { kind: 'finding', target: '4', line: 1, finding: { finding: 'flawed', note: '照片不清楚' } },
      { kind: 'telling', telling: { household: '3', cases: ['6'], how: 'slip', who: '户主本人' } },
    ])
  })

  it('an objection is noted on the doorstep, for a household of those that are kept', async () => {
    await open('cases', { role: 'team_member', says: { '/cases': { items: [record({ state: 'published', object_until: '2099-01-01', household: '0' })] } } })
    store.set('hefen.field.7.book.0', { at: 0, value: [{ id: '3', number: '1001', name: '张三', initials: 'zs' }] })
    const page = await open('cases')
    await press(page, '替村民提异议')
    await page.findAll('.hf-sheet input')[0]!.trigger('input', { detail: { value: 'zs' } })
    await vi.waitFor(() => expect(page.text()).toContain('张三（1001）'))
    await press(page, '张三（1001）')
    await page.findAll('.hf-sheet input')[0]!.trigger('input', { detail: { value: '张三' } })
    await write(page, '那天是我家做的')
    await press(page, '记下异议')
    expect(page.text()).toContain('请在2099年1月1日以前送到')
    expect(drafts()).toMatchObject([{ kind: 'object', body: { target: '6', objection: { household: '3', name: '张三', how: 'visit' } } }])
  })
})

describe('the village on the device', () => {
  it('2,000 households with their people fit: no key over 1 MB, and room for thousands of drafts', async () => {
    vi.resetModules()
    answers.length = 0
    const people = Array.from({ length: 4 }, (_, n) => ({ id: `1844674407370955${n}`, name: `欧阳晓峰${n}`, initials: 'oyxf' }))
    const households = Array.from({ length: 2000 }, (_, n) => ({ id: `184467440737095${n}`, number: `0${n}`, name: '欧阳晓峰', initials: 'oyxf', group_id: '18446744073709551', people }))
    answers.push(...[rules, { items: [] }, { households }].map((body) => ({ status: 200, body })))
    const { freshenField, keptHouseholds } = await import('@/services/fieldbook')
    await freshenField('7')
    expect(keptHouseholds('7')).toHaveLength(2000)
    for (const [key, value] of store) expect(new TextEncoder().encode(JSON.stringify(value)).length, key).toBeLessThan(1_000_000)
    const { spaceUsed } = await import('@/services/drafts')
    expect(spaceUsed().usedKb).toBeLessThan(1500)
    expect(spaceUsed().nearlyFull).toBe(false)
  })
})
