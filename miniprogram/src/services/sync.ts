/**
 * Brings drafts to the server when there is a signal: their photos first, in pieces, then the drafts in the order in which
 * they were made, some at a time. Whatever is cut off is simply begun again: the server knows photos by their content and
 * drafts by their request_id, and carries out neither twice.
 */
import { computed, ref } from 'vue'
import type { components } from '@/api/schema'
import type { Upload } from '@/api/types'
import { dropPhoto, photoBytes } from './album'
import { findDraft, photosInUse, restingOn, updateDraft, waitingDrafts, type DraftAnswer, type FieldDraft } from './drafts'
import { ApiError, request } from './request'

type SyncList = components['schemas']['SyncList']

const BATCH = 20
const PIECE = 96 * 1024
const CLOCK_OFF_MS = 10 * 60_000

const running = ref(false)
const photo = ref<{ done: number; size: number }>()
const clockAhead = ref(0)
const lastFailure = ref('')

/** What the sending is doing, for the page of drafts. */
export const sending = computed(() => running.value)
export const photoProgress = computed(() => photo.value)
/** Minutes by which the phone's clock is wrong, positive when ahead; 0 when it is right enough. */
export const clockOff = computed(() => (Math.abs(clockAhead.value) > CLOCK_OFF_MS ? Math.round(clockAhead.value / 60_000) : 0))
/** Why the last sending stopped; empty when it came to its end. */
export const syncFailure = computed(() => lastFailure.value)

/** Drafts that their page is sending itself just now. */
export const held = new Set<string>()

/** Drafts whose photos the server has asked for in this run: a second time it must wait for the next. */
const askedTwice = new Set<string>()

let run: Promise<void> | undefined
let again = false

/** Sends what waits. Calls while it runs make it look once more at the end; all of them wait for the same run. */
export function syncDrafts(user: string): Promise<void> {
  again = true
  run ??= loop(user).finally(() => {
    run = undefined
    running.value = false
    photo.value = undefined
  })
  return run
}

async function loop(user: string): Promise<void> {
  running.value = true
  lastFailure.value = ''
  askedTwice.clear()
  while (again) {
    again = false
    try {
      for (const village of new Set(waitingDrafts(user).map((d) => d.village))) await sendVillage(user, village)
    } catch (e) {
      if (!(e instanceof ApiError)) throw e
      lastFailure.value = e.message // no signal or a busy server: the next occasion goes on
    }
  }
}

async function sendVillage(user: string, village: string): Promise<void> {
  let from = 0
  for (;;) {
    const queue = ready(user, village)
    const batch = queue.slice(from, from + BATCH)
    if (batch.length === 0) return
    for (const draft of batch) await sendPhotos(village, draft)
    const complete = batch.filter((d) => waits(user, d))
    const settled = complete.length ? await sendBatch(village, complete) : batch.length
    // What the server asked to have later stays at the head; the others behind it still get their turn.
    from = settled > 0 ? Math.max(0, from) : from + BATCH
  }
}

const waits = (user: string, draft: FieldDraft) => waitingDrafts(user).some((d) => d.request_id === draft.request_id)

/** Waiting drafts whose forerunner, if they have one, has not been refused; the others are refused with it. */
function ready(user: string, village: string): FieldDraft[] {
  const mine = waitingDrafts(user).filter((d) => d.village === village && !held.has(d.request_id))
  return mine.filter((d) => {
    if (!d.of || findDraft(d.of)?.state !== 'refused') return true
    settle(d, 'refused', { reason: '它前面的那一条没有办成' })
    return false
  })
}

async function sendPhotos(village: string, draft: FieldDraft): Promise<void> {
  for (const p of draft.photos) {
    if (p.sent) continue
    const bytes = await photoBytes(p.sha256)
    if (!bytes) return settle(draft, 'refused', { reason: '照片在手机里找不到了，请重新拍照再记' })
    try {
      await uploadPhoto(village, p.sha256, bytes)
    } catch (e) {
      if (!(e instanceof ApiError) || !e.definite || e.code === 'media_open_uploads') throw e
      return settle(draft, 'refused', { reason: e.message })
    }
    draft = updateDraft(draft.request_id, { photos: draft.photos.map((o) => (o.sha256 === p.sha256 ? { ...o, sent: true } : o)) }) ?? draft
  }
}

/** One photo in pieces, from where an earlier attempt was cut off. */
export async function uploadPhoto(village: string, sha256: string, bytes: ArrayBuffer): Promise<void> {
  const path = `/villages/${village}/photos/uploads`
  const size = bytes.byteLength
  let state = await request<Upload>({ method: 'POST', path, body: { sha256, size } })
  while (!state.done && state.received < size) {
    photo.value = { done: state.received, size }
    const piece = bytes.slice(state.received, state.received + PIECE)
    state = await request<Upload>({ method: 'PUT', path: `${path}/${state.id}/chunks`, query: { offset: state.received }, bytes: piece })
  }
  if (!state.done) await request<Upload>({ method: 'POST', path: `${path}/${state.id}/complete`, body: {} })
  photo.value = undefined
}

/** Sends drafts and keeps what came of each; answers how many are settled or have moved on. */
async function sendBatch(village: string, batch: FieldDraft[]): Promise<number> {
  const drafts = batch.map((d) => ({ ...d.body, request_id: d.request_id, kind: d.kind, made_at: d.made_at, ...(d.of ? { of: d.of } : {}) }))
  let list: SyncList
  try {
    list = await request<SyncList>({ method: 'POST', path: `/villages/${village}/sync`, body: { device_now: Date.now(), drafts } })
  } catch (e) {
    if (!(e instanceof ApiError) || !e.definite) throw e
    return splitRefusal(village, batch, e)
  }
  clockAhead.value = list.clock_ahead
  let moved = 0
  for (const answer of list.drafts) {
    const draft = batch.find((d) => d.request_id === answer.request_id)
    if (draft && take(draft, answer)) moved++
  }
  return moved
}

/** The call was refused as a whole for what one draft holds: halves are tried until it is found. */
async function splitRefusal(village: string, batch: FieldDraft[], e: ApiError): Promise<number> {
  const [only] = batch
  if (batch.length === 1 && only) {
    settle(only, 'refused', { reason: e.fields[0]?.msg ?? e.message })
    return 1
  }
  const half = Math.ceil(batch.length / 2)
  return (await sendBatch(village, batch.slice(0, half))) + (await sendBatch(village, batch.slice(half)))
}

/** Keeps an answer; reports whether the draft has moved on. */
function take(draft: FieldDraft, answer: DraftAnswer): boolean {
  switch (answer.state) {
    case 'done':
    case 'repeated':
      settle(draft, 'sent', { answer })
      return true
    case 'conflict':
      settle(draft, 'refused', { answer, reason: [answer.reason, ...(answer.fields ?? []).map((f) => f.msg)].filter((s, i, all) => s && all.indexOf(s) === i).join('；') })
      return true
    case 'waiting_photo': {
      const missing = answer.missing ?? []
      const resent = !askedTwice.has(draft.request_id)
      askedTwice.add(draft.request_id)
      updateDraft(draft.request_id, { photos: draft.photos.map((p) => (missing.includes(p.sha256) ? { ...p, sent: false } : p)) })
      return resent
    }
    default:
      return false
  }
}

function settle(draft: FieldDraft, state: 'sent' | 'refused', what: Partial<FieldDraft>): void {
  updateDraft(draft.request_id, { ...what, state, settled_at: Date.now() })
  if (state === 'sent') forgetPhotos(draft)
}

/** The photos of what was carried out are the server's now, unless another draft shows them too. */
function forgetPhotos(draft: FieldDraft): void {
  const needed = photosInUse()
  for (const p of draft.photos) if (!needed.has(p.sha256)) void dropPhoto(p.sha256).catch(() => undefined)
}

/** Lets a refused draft go once more, unchanged, and those that were refused because it was. */
export function tryAgain(requestId: string): void {
  updateDraft(requestId, { state: 'waiting', reason: '', answer: undefined, settled_at: undefined })
  for (const d of restingOn(requestId)) if (d.state === 'refused') tryAgain(d.request_id)
}
