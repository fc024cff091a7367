import { beforeEach, describe, expect, it, vi } from 'vitest'
import { answers, requests, synced } from './server'

const event = { id: '33', title: '清扫' }
const at = { village: '7', user: '1', event, code: '123456' }

async function start() {
  vi.resetModules()
  const [checkin, drafts, sync] = await Promise.all([import('@/services/checkin'), import('@/services/drafts'), import('@/services/sync')])
  return { ...checkin, ...drafts, ...sync }
}

describe('checking in', () => {
  beforeEach(() => {
    answers.length = 0
  })

  it('counts at once with a signal, and leaves nothing to be sent', async () => {
    const app = await start()
    answers.push({ status: 200, body: { name: '张三', state: 'in' } })
    expect(await app.checkIn(at)).toMatchObject({ name: '张三' })
    expect(requests()[0]).toMatchObject({ url: expect.stringContaining('/activities/33/checkins'), data: { code: '123456' } })
    expect(app.waitingDrafts('1')).toEqual([])
  })

  it('waits on the device without signal, with code, moment and the id that may have arrived', async () => {
    const app = await start()
    const before = Date.now()
    answers.push({}) // no answer
    expect(await app.checkIn(at)).toBeUndefined()
    const sent = requests()[0]!.data.request_id
    const [draft] = app.ownDrafts('1', ['check_in']).value
    expect(draft).toMatchObject({ request_id: sent, label: '签到：清扫', state: 'waiting' })
    expect(draft!.made_at).toBeGreaterThanOrEqual(before)

    const again = await start() // killed meanwhile
    answers.push({ status: 200, body: synced({ state: 'repeated', made: '9' }) })
    await again.syncDrafts('1')
    expect(requests().at(-1)!.data.drafts).toMatchObject([{ kind: 'check_in', request_id: sent, target: '33', made_at: draft!.made_at, check_in: { code: '123456' } }])
    expect(again.ownDrafts('1', ['check_in']).value).toEqual([])
  })

  it('refused says so at once and keeps nothing', async () => {
    const app = await start()
    answers.push({ status: 409, body: { error: { code: 'activity_checked_in', msg: '已经签到过了' } } })
    await expect(app.checkIn(at)).rejects.toThrow('已经签到过了')
    expect(app.ownDrafts('1', ['check_in']).value).toEqual([])
  })

  it('goes from the shelf only after its own attempt has come to an end', async () => {
    const app = await start()
    answers.push({ hangs: true })
    void app.checkIn(at)
    await vi.waitFor(() => expect(requests()).toHaveLength(1))
    await app.syncDrafts('1')
    expect(requests()).toHaveLength(1)
  })
})
