import { beforeEach, describe, expect, it, vi } from 'vitest'
import { store } from './setup'

/** The device's photos; like its storage they survive a killed app. */
const photos = vi.hoisted(() => new Map<string, ArrayBuffer>())

vi.mock('@/services/shelf', () => ({
  shelf: {
    shrink: async (path: string) => new TextEncoder().encode(path.repeat(40)).buffer,
    put: async (name: string, bytes: ArrayBuffer) => void photos.set(name, bytes),
    get: async (name: string) => photos.get(name),
    drop: async (name: string) => void photos.delete(name),
    names: async () => [...photos.keys()],
    address: async () => '',
    room: async () => 1e9,
  },
}))

interface Sent {
  url: string
  method: string
  data: unknown
  success(r: { statusCode: number; data: unknown }): void
  fail(): void
}

type Wire = { request_id: string; kind: string; of?: string; record?: { item: string; evidence?: { sha256: string }[] } }

/** A server that carries out each request_id once, and knows photos by their content. */
class Server {
  carriedOut = new Map<string, Wire>()
  uploads = new Map<string, { received: number; size: number; done: boolean }>()
  calls = 0
  /** What happens to the next call: lost on the way, lost on the way back, or all is well. */
  fate: () => 'lost' | 'unanswered' | 'fine' = () => 'fine'
  refuse: (d: Wire) => string = () => ''
  whole: (drafts: Wire[]) => number = () => 200

  listen() {
    vi.mocked(uni.request).mockImplementation(((call: Sent) => {
      this.calls++
      const fate = this.fate()
      const answer = fate === 'lost' ? undefined : this.answer(call)
      queueMicrotask(() => (fate === 'fine' && answer ? call.success({ statusCode: answer[0], data: answer[1] }) : call.fail()))
    }) as never)
  }

  private answer({ url, method, data }: Sent): [number, unknown] {
    const path = url.replace(/^.*\/villages\/\d+/, '')
    if (path === '/photos/uploads') {
      const { sha256, size } = data as { sha256: string; size: number }
      if (!this.uploads.has(sha256)) this.uploads.set(sha256, { received: 0, size, done: false })
      return [200, { id: sha256, ...this.uploads.get(sha256) }]
    }
    const [, , , id, step] = path.split(/[/?]/)
    const up = this.uploads.get(id ?? '')
    if (up && method === 'PUT' && step === 'chunks') {
      const offset = Number(/offset=(\d+)/.exec(url)?.[1])
      expect(offset).toBeLessThanOrEqual(up.received)
      up.received = Math.max(up.received, offset + (data as ArrayBuffer).byteLength)
      return [200, { id, ...up }]
    }
    if (up && step === 'complete') {
      up.done = up.received === up.size
      return up.done ? [200, { id, ...up }] : [409, { error: { code: 'media_incomplete', msg: '没传完' } }]
    }
    if (path === '/sync') return this.sync((data as { drafts: Wire[] }).drafts)
    return [404, null]
  }

  private sync(drafts: Wire[]): [number, unknown] {
    const status = this.whole(drafts)
    if (status !== 200) return [status, { error: { code: 'invalid_input', msg: '内容有误', fields: [{ path: 'x', msg: '请改正' }] } }]
    const answers = drafts.map((d) => {
      const missing = (d.record?.evidence ?? []).map((e) => e.sha256).filter((h) => !this.uploads.get(h)?.done)
      const reason = this.refuse(d)
      if (missing.length) return { request_id: d.request_id, state: 'waiting_photo', missing }
      if (d.of && !this.carriedOut.has(d.of)) return { request_id: d.request_id, state: 'later', code: 'sync_later' }
      if (reason) return { request_id: d.request_id, state: 'conflict', reason }
      const repeated = this.carriedOut.has(d.request_id)
      if (!repeated) this.carriedOut.set(d.request_id, d)
      return { request_id: d.request_id, state: repeated ? 'repeated' : 'done', made: '7', points: 500 }
    })
    return [200, { drafts: answers, server_now: Date.now(), clock_ahead: 0 }]
  }
}

/** A freshly started app on the same device. */
async function start() {
  vi.resetModules()
  const [drafts, sync, album] = await Promise.all([import('@/services/drafts'), import('@/services/sync'), import('@/services/album')])
  const record = async (n: number, photo = true, of?: string) => {
    const kept = photo ? [await album.keepPhoto(`photo-${n}`)] : []
    const evidence = kept.map((p) => ({ kind: 'photo' as const, sha256: p.sha256 }))
    return drafts.keepDraft({ kind: 'record', village: '1', user: 'me', label: `第${n}条`, body: { record: { item: `i${n}`, subjects: ['9'], evidence } }, photos: kept, of })
  }
  return { ...drafts, ...sync, ...album, record }
}

/** Numbers like chance, the same in every run. */
function chance(seed: number): () => number {
  let state = seed
  return () => {
    state = (state * 1_664_525 + 1_013_904_223) % 4_294_967_296
    return state / 4_294_967_296
  }
}

describe('the queue of drafts', () => {
  let server: Server
  beforeEach(() => {
    photos.clear()
    server = new Server()
    server.listen()
  })

  it.each([1, 2, 3, 4, 5])('a day of 60 drafts survives cuts, lost answers and a killed app (chance %d)', async (seed) => {
    const random = chance(seed)
    let app = await start()
    const made: string[] = []
    server.fate = () => {
      const r = random()
      return r < 0.12 ? 'lost' : r < 0.25 ? 'unanswered' : 'fine'
    }
    for (let n = 0; n < 60; n++) {
      made.push((await app.record(n, n % 4 !== 0)).request_id)
      if (random() < 0.3) await app.syncDrafts('me')
      if (random() < 0.15) app = await start() // killed, perhaps with drafts on their way
    }
    for (let round = 0; app.waitingDrafts('me').length > 0 && round < 200; round++) {
      await app.syncDrafts('me')
      if (random() < 0.3) app = await start()
    }
    expect(app.waitingDrafts('me')).toEqual([])
    expect([...server.carriedOut.keys()].sort()).toEqual([...made].sort())
    expect(photos.size).toBe(0)
    expect(app.draftsOf('me').value.every((d) => d.state === 'sent' && d.answer?.points === 500)).toBe(true)
  })

  it('a killed app finds its drafts, in order, and sends the same ids', async () => {
    server.fate = () => 'lost'
    const app = await start()
    const ids = [await app.record(1), await app.record(2), await app.record(3, false)].map((d) => d.request_id)
    await app.syncDrafts('me')
    expect(app.syncFailure.value).toMatch('网络')
    server.fate = () => 'fine'
    const again = await start()
    expect(again.waitingDrafts('me').map((d) => d.request_id)).toEqual(ids)
    await again.syncDrafts('me')
    expect([...server.carriedOut.keys()]).toEqual(ids)
  })

  it('a refusal is kept with its reason and can be sent again or thrown away', async () => {
    server.refuse = (d) => (d.record?.item === 'i2' ? '日期还没有到' : '')
    const app = await start()
    const [one, two] = [await app.record(1), await app.record(2)]
    const rest = await app.record(3, false, two.request_id)
    await app.syncDrafts('me')
    await app.syncDrafts('me')
    expect(app.findDraft(one.request_id)?.state).toBe('sent')
    expect(app.findDraft(two.request_id)).toMatchObject({ state: 'refused', reason: '日期还没有到' })
    expect(app.findDraft(rest.request_id)).toMatchObject({ state: 'refused' })
    expect(photos.size).toBe(1)
    server.refuse = () => ''
    app.tryAgain(two.request_id)
    await app.syncDrafts('me')
    expect(app.findDraft(two.request_id)?.state).toBe('sent')
    expect(app.findDraft(rest.request_id)?.state).toBe('sent')
    app.dropDraft(two.request_id)
    expect(app.findDraft(rest.request_id)).toBeUndefined()
  })

  it('one draft that spoils the whole call is found; the others go through', async () => {
    server.whole = (drafts) => (drafts.some((d) => d.record?.item === 'i5') ? 422 : 200)
    const app = await start()
    for (let n = 0; n < 9; n++) await app.record(n, false)
    await app.syncDrafts('me')
    const states = app.draftsOf('me').value.map((d) => d.state)
    expect(states.filter((s) => s === 'sent')).toHaveLength(8)
    expect(app.draftsOf('me').value[5]).toMatchObject({ state: 'refused', reason: '请改正' })
  })

  it('a photo that the server lost is sent again', async () => {
    const app = await start()
    const draft = await app.record(1)
    app.updateDraft(draft.request_id, { photos: draft.photos.map((p) => ({ ...p, sent: true })) })
    await app.syncDrafts('me')
    expect(server.carriedOut.size).toBe(1)
  })

  it('a photo that is gone from the device is told, not waited for', async () => {
    const app = await start()
    const draft = await app.record(1)
    photos.clear()
    await app.syncDrafts('me')
    expect(app.findDraft(draft.request_id)).toMatchObject({ state: 'refused' })
  })

  it('never sends what another person left on the device', async () => {
    const app = await start()
    await app.record(1)
    await app.syncDrafts('somebody else')
    expect(server.calls).toBe(0)
    expect(app.waitingDrafts('me')).toHaveLength(1)
  })

  it('says so and keeps nothing when there is no room', async () => {
    const app = await start()
    store.set('big', 'x'.repeat(4_700 * 1024))
    expect(app.spaceUsed().nearlyFull).toBe(true)
    await expect(app.record(1)).rejects.toMatchObject({ code: 'space' })
    expect(app.draftsOf('me').value).toEqual([])
  })

  it('forgets what was sent some days ago, and photos that nothing needs', async () => {
    const app = await start()
    const [old, waits] = [await app.record(1), await app.record(2)]
    app.updateDraft(old.request_id, { state: 'sent', settled_at: Date.now() - 3 * 86_400_000 })
    app.tidyDrafts()
    expect(app.draftsOf('me').value.map((d) => d.request_id)).toEqual([waits.request_id])
    const rests = await app.record(3, false, waits.request_id)
    app.updateDraft(waits.request_id, { state: 'sent', settled_at: Date.now() - 3 * 86_400_000 })
    app.tidyDrafts()
    expect(app.findDraft(rests.request_id)).toBeDefined()
    app.updateDraft(waits.request_id, { state: 'waiting' })
    const later = await start()
    store.set('hefen.team.draft', { proofs: [{ sha256: later.hashOf(new ArrayBuffer(3)) }] })
    photos.set(later.hashOf(new ArrayBuffer(3)), new ArrayBuffer(3))
    photos.set('f'.repeat(64), new ArrayBuffer(1))
    await later.tidyAlbum(later.photosInUse())
    expect(photos.size).toBe(2)
  })

  it('knows photos by what they are', async () => {
    const app = await start()
    expect(app.hashOf(new TextEncoder().encode('abc').buffer as ArrayBuffer)).toBe('ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad')
  })
})
