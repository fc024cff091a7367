import { beforeEach, describe, expect, it, vi } from 'vitest'
import { store } from './setup'
import { answers, requests } from './server'

/** A freshly started app on the same device: modules anew, storage kept. */
async function start() {
  vi.resetModules()
  return import('@/services/write')
}

const award = { label: '给张三记分', user: '1' }

describe('write', () => {
  beforeEach(() => answers.length = 0)

  it('stores the request before it is sent and clears it after the answer', async () => {
    const { write, pendingWrites } = await start()
    answers.push({ status: 200, body: { id: '9' } })
    const sending = write('/cases', { item: 'A1' }, award)
    await vi.waitFor(() => expect(requests()).toHaveLength(1))
    expect(await sending).toEqual({ id: '9' })
    expect(requests()[0]?.data).toMatchObject({ item: 'A1', request_id: expect.stringMatching(/^[0-9a-f]{32}$/) })
    expect(pendingWrites('1')).toEqual([])
  })

  it('a killed app sends the same id again when it starts', async () => {
    const first = await start()
    // The app is killed while waiting: the answer never comes to it.
    answers.push({ hangs: true })
    void first.write('/cases', { item: 'A1' }, award)
    await vi.waitFor(() => expect(store.get('hefen.pending')).toHaveLength(1))

    const second = await start()
    const kept = second.pendingWrites('1')
    expect(kept).toHaveLength(1)
    answers.length = 0
    answers.push({ status: 200, body: { repeated: true } })
    const result = await second.resend('1')
    expect(result.done).toHaveLength(1)
    expect(requests().at(-1)?.data.request_id).toBe(kept[0]?.request_id)
    expect(second.pendingWrites('1')).toEqual([])
  })

  it.each([500, 502, 429, 408, 0])('after %d the same id stays and is sent again', async (status) => {
    const { write, resend, StillPending, pendingWrites } = await start()
    answers.push({ status }, { status: 200, body: {} })
    await expect(write('/cases', {}, award)).rejects.toBeInstanceOf(StillPending)
    expect(pendingWrites('1')).toHaveLength(1)
    await resend('1')
    const [one, two] = requests()
    expect(two?.data.request_id).toBe(one?.data.request_id)
    expect(pendingWrites('1')).toEqual([])
  })

  it.each([400, 403, 404, 409, 422])('a %d is an answer: nothing is kept', async (status) => {
    const { write, pendingWrites } = await start()
    answers.push({ status, body: { error: { code: 'x', msg: '积分不够' } } })
    await expect(write('/redemptions', {}, award)).rejects.toMatchObject({ status, message: '积分不够' })
    expect(pendingWrites('1')).toEqual([])
  })

  it('tells what was refused when it was sent again', async () => {
    const { write, resend } = await start()
    answers.push({}, { status: 409, body: { error: { code: 'x', msg: '换完了' } } })
    await write('/redemptions', {}, award).catch(() => undefined)
    const result = await resend('1')
    expect(result.refused).toMatchObject([{ reason: '换完了', write: { label: '给张三记分' } }])
  })

  it('never sends what another person left on the device', async () => {
    const { write, resend, pendingWrites } = await start()
    answers.push({})
    await write('/cases', {}, award).catch(() => undefined)
    expect((await resend('2')).done).toEqual([])
    expect(requests()).toHaveLength(1)
    expect(pendingWrites('1')).toHaveLength(1)
  })

  it('does not send twice at once what is still on its way', async () => {
    const { write, resend } = await start()
    answers.push({ status: 200, body: {} })
    const sending = write('/cases', {}, award)
    await vi.waitFor(() => expect(store.get('hefen.pending')).toBeDefined())
    await resend('1')
    await sending
    expect(requests()).toHaveLength(1)
  })

  it('gives every write an id of its own', async () => {
    const { randomId } = await import('@/services/random')
    const ids = await Promise.all(Array.from({ length: 50 }, () => randomId()))
    expect(new Set(ids).size).toBe(50)
  })
})
