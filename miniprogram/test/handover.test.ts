import { beforeEach, describe, expect, it, vi } from 'vitest'
import { store } from './setup'
import { answers } from './server'

vi.mock('@/services/shelf', () => ({ shelf: { names: async () => [], drop: async () => undefined, room: async () => 1e9 } }))

const role = (village: string) => ({ id: '1', role: 'team_member', village_id: village })
const me = (...villages: string[]) => ({ user_id: 'me', roles: villages.map(role), memberships: [] })
const book = { at: Date.now(), value: [{ id: '9', number: '0001', name: '张三' }] }

/** A freshly started app on the same device. */
async function start() {
  vi.resetModules()
  const [session, drafts] = await Promise.all([import('@/services/session'), import('@/services/drafts')])
  return { ...session, ...drafts }
}

describe('what a team member leaves on the device', () => {
  beforeEach(() => {
    answers.length = 0
    store.set('hefen.token', 't')
    store.set('hefen.field.1.book.0', book)
  })

  it('the household list stays while one serves, and the person is known without signal', async () => {
    answers.push({ status: 200, body: me('1') })
    const app = await start()
    await app.ensureMe()
    await app.sendKept()
    expect(store.has('hefen.field.1.book.0')).toBe(true)
    const again = await start() // no signal: nothing is answered
    expect((await again.ensureMe()).user_id).toBe('me')
    expect(again.withoutSignal.value).toBe(true)
  })

  it('after a hand-over it is wiped once the last draft has gone', async () => {
    answers.push({ status: 200, body: me('2') })
    const app = await start()
    const draft = await app.keepDraft({ kind: 'record', village: '1', user: 'me', label: '第1条', body: {} })
    await app.ensureMe()
    await app.sendKept()
    expect(store.has('hefen.field.1.book.0')).toBe(true)
    answers.push({ status: 200, body: { drafts: [{ request_id: draft.request_id, state: 'done' }], clock_ahead: 0 } })
    await app.sendKept()
    expect(app.findDraft(draft.request_id)?.state).toBe('sent')
    expect(store.has('hefen.field.1.book.0')).toBe(false)
  })

  it('leaving wipes it and keeps what was not sent for its person', async () => {
    answers.push({ status: 200, body: me('1') })
    const app = await start()
    await app.ensureMe()
    await app.keepDraft({ kind: 'record', village: '1', user: 'me', label: '第1条', body: {} })
    app.leave()
    expect([...store.keys()].filter((k) => k.startsWith('hefen.field.') || k === 'hefen.me')).toEqual([])
    expect(app.waitingDrafts('me')).toHaveLength(1)
  })
})
