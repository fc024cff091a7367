/**
 * What was recorded without knowing whether there is a signal: each thing is a draft under a key of its own in the device's
 * storage, written whole before anything is sent, so that a killed app loses nothing and spoils nothing. A draft leaves only
 * after a definite answer, or when its person throws it away.
 */
import { computed, ref } from 'vue'
import type { components } from '@/api/schema'
import { randomId } from './random'
import { ApiError } from './request'

type Schemas = components['schemas']
export type DraftKind = Schemas['SyncDraft']['kind']
/** What the server is told of a draft, without what every draft has. */
export type DraftBody = Omit<Schemas['SyncDraft'], 'request_id' | 'kind' | 'made_at' | 'of'>
export type DraftAnswer = Schemas['SyncAnswer']

/** waiting for a signal; uploading its photos; sent and carried out; refused with a reason. */
export type DraftState = 'waiting' | 'sent' | 'refused'

export interface FieldDraft {
  request_id: string
  /** Drafts are sent in this order. */
  seq: number
  kind: DraftKind
  village: string
  user: string
  /** By the device's clock, milliseconds since 1970 UTC. */
  made_at: number
  /** Whom and what it is about, for the person. */
  label: string
  body: DraftBody
  /** request_id of the draft that makes what this one is about. */
  of?: string
  photos: DraftPhoto[]
  /** The form as it was filled in, for mending what was refused. */
  form?: object
  state: DraftState
  reason?: string
  answer?: DraftAnswer
  /** When the answer came. */
  settled_at?: number
}

export interface DraftPhoto {
  sha256: string
  size: number
  sent: boolean
}

const PREFIX = 'hefen.draft.'
/** Of the 10 MB that a mini-program may keep, and the 5 MB of a browser. */
const LIMIT_KB = 4500
const NEAR_KB = 3600
const MAX_KEY_CHARS = 300_000
const SENT_KEPT_MS = 2 * 86_400_000

const all = ref<FieldDraft[]>(read())

function read(): FieldDraft[] {
  const kept = uni
    .getStorageInfoSync()
    .keys.filter((k) => k.startsWith(PREFIX))
    .map((k) => uni.getStorageSync(k) as FieldDraft)
    .filter((d) => typeof d === 'object' && Boolean(d?.request_id))
  return kept.sort((a, b) => a.seq - b.seq)
}

/** What people do for themselves and their household; the rest is an official's work. */
const OWN: readonly DraftKind[] = ['claim', 'report', 'check_in']
const isOwn = (d: FieldDraft) => OWN.includes(d.kind)

/** Drafts of an official's work on this device, in the order in which they were made. */
export const draftsOf = (user: string) => computed(() => all.value.filter((d) => d.user === user && !isOwn(d)))

/** What a villager did on this device, the newest first, until it has come to an end; with what was sent where a page wants it. */
export const ownDrafts = (user: string, kinds: DraftKind[]) =>
  computed(() => all.value.filter((d) => d.user === user && kinds.includes(d.kind) && d.state !== 'sent').reverse())

export function waitingDrafts(user: string): FieldDraft[] {
  return all.value.filter((d) => d.user === user && d.state === 'waiting')
}

export const findDraft = (requestId: string) => all.value.find((d) => d.request_id === requestId)

function keyOf(d: FieldDraft): string {
  return PREFIX + d.request_id
}

/** Storage of the device in use by the pages, in KB. */
export function spaceUsed(): { usedKb: number; nearlyFull: boolean } {
  const usedKb = uni.getStorageInfoSync().currentSize
  return { usedKb, nearlyFull: usedKb > NEAR_KB }
}

/** What a new draft is made of. */
export interface NewDraft {
  kind: DraftKind
  village: string
  user: string
  label: string
  body: DraftBody
  of?: string
  photos?: { sha256: string; size: number }[]
  form?: object
}

/** Keeps a draft. Throws ApiError when the device has no room for it: nothing is kept then, and the page must say so. */
export async function keepDraft(n: NewDraft, requestId = ''): Promise<FieldDraft> {
  const known = requestId && findDraft(requestId)
  if (known) return known // the app was killed while a chain of drafts was being kept
  const draft: FieldDraft = {
    ...n,
    request_id: requestId || (await randomId()),
    seq: Math.max(Date.now() * 100, ...all.value.map((d) => d.seq + 1)),
    made_at: Date.now(),
    photos: (n.photos ?? []).map((p) => ({ ...p, sent: false })),
    state: 'waiting',
  }
  if (JSON.stringify(draft).length > MAX_KEY_CHARS || spaceUsed().usedKb > LIMIT_KB) {
    throw new ApiError(0, 'space', '手机里存不下了，请先找有网的地方把等着送的送出去')
  }
  try {
    store(draft)
  } catch {
    throw new ApiError(0, 'space', '手机空间不够，这一笔没有存上。请先送出等着的，或者清理手机')
  }
  all.value = [...all.value, draft]
  return draft
}

function store(draft: FieldDraft): void {
  uni.setStorageSync(keyOf(draft), JSON.parse(JSON.stringify(draft)))
}

/** Writes what has become of a draft. */
export function updateDraft(requestId: string, change: Partial<FieldDraft>): FieldDraft | undefined {
  const old = findDraft(requestId)
  if (!old) return undefined
  const next = { ...old, ...change }
  store(next)
  all.value = all.value.map((d) => (d.request_id === requestId ? next : d))
  return next
}

/** Throws a draft away, with those that rest on it. */
export function dropDraft(requestId: string): void {
  const gone = new Set([requestId])
  for (const d of all.value) if (d.of && gone.has(d.of)) gone.add(d.request_id)
  for (const d of all.value) if (gone.has(d.request_id)) uni.removeStorageSync(keyOf(d))
  all.value = all.value.filter((d) => !gone.has(d.request_id))
}

/** Drafts that rest on another one. */
export const restingOn = (requestId: string) => all.value.filter((d) => d.of === requestId)

/** Forgets what was carried out some days ago; what waits or was refused stays, and what that rests on. */
export function tidyDrafts(now = Date.now()): void {
  for (const d of all.value) {
    const over = d.state === 'sent' && (d.settled_at ?? 0) < now - SENT_KEPT_MS
    if (over && restingOn(d.request_id).every((r) => r.state === 'sent')) dropDraft(d.request_id)
  }
}

/** Forms that are being filled in and point to photos. */
const FORMS = ['hefen.team.draft', 'hefen.team.inspection', 'hefen.team.fault']

/** Hashes of the photos that drafts and forms still need. */
export function photosInUse(): Set<string> {
  const needed = all.value.filter((d) => d.state !== 'sent').flatMap((d) => d.photos.map((p) => p.sha256))
  const forms = FORMS.flatMap((key) => JSON.stringify(uni.getStorageSync(key) || '').match(/[0-9a-f]{64}/g) ?? [])
  return new Set([...needed, ...forms])
}
