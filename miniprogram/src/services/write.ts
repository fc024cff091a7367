/**
 * Every write goes through here. The request_id is made on the device and stored together with the request before it
 * is sent; it leaves the store only after a definite answer. So an app that is killed, or a network that fails between
 * the server's commit and its answer, ends in the same request sent again under the same id, and never in a second deed.
 */
import { randomId } from './random'
import { ApiError, request, type Method } from './request'

const PENDING_KEY = 'hefen.pending'
const MAX_PENDING = 200

/** A write that has no definite answer yet. */
export interface Pending {
  request_id: string
  method: Method
  path: string
  body: object
  /** What it is, for the person: 给张三记分. */
  label: string
  /** Whose write it is; another person on the same device never sends it. */
  user: string
  /** Milliseconds since 1970 UTC when it was made. */
  made_at: number
}

/** Thrown when no definite answer came: the write is kept on the device and will be sent again. */
export class StillPending extends Error {
  constructor(readonly request: Pending) {
    super('网络不好，还没有送到。已经记在手机里，有网时会自动再送，不用重记。')
    this.name = 'StillPending'
  }
}

/** When two users turned out to be one person: what the one left without an answer is the other's now. */
export function adoptWrites(from: string, to: string): void {
  if (from && from !== to) save(stored().map((p) => (p.user === from ? { ...p, user: to } : p)))
}

export interface WriteOptions {
  label: string
  user: string
  method?: Method
}

export function pendingWrites(user: string): Pending[] {
  return stored().filter((p) => p.user === user)
}

/**
 * Sends a write and gives its answer. Throws ApiError when it was refused and StillPending when nobody knows.
 */
export async function write<T>(path: string, body: object, options: WriteOptions): Promise<T> {
  if (stored().length >= MAX_PENDING) {
    throw new ApiError(0, 'queue_full', '手机里等着送出的太多了，请先找有网的地方送出')
  }
  const pending: Pending = {
    request_id: await randomId(),
    method: options.method ?? 'POST',
    path,
    body,
    label: options.label,
    user: options.user,
    made_at: Date.now(),
  }
  save([...stored(), pending])
  return deliver<T>(pending)
}

/**
 * Sends a write that is of no use later, such as who stands at the counter now: it carries its own request_id, is sent again
 * once when no answer came, and is not kept.
 */
export async function writeNow<T>(path: string, body: object, method: Method = 'POST'): Promise<T> {
  const whole = { ...body, request_id: await randomId() }
  try {
    return await request<T>({ method, path, body: whole })
  } catch (e) {
    if (!(e instanceof ApiError) || e.definite) throw e
    return request<T>({ method, path, body: whole })
  }
}

/** What came of sending the kept writes again. */
export interface Resent {
  done: Pending[]
  refused: { write: Pending; reason: string }[]
  waiting: Pending[]
}

let resending: Promise<Resent> | undefined

/** Sends again, in order, what this user left without an answer. Two calls at once share one run. */
export function resend(user: string): Promise<Resent> {
  resending ??= resendAll(user).finally(() => (resending = undefined))
  return resending
}

async function resendAll(user: string): Promise<Resent> {
  const result: Resent = { done: [], refused: [], waiting: [] }
  for (const pending of pendingWrites(user)) {
    if (underway.has(pending.request_id)) {
      result.waiting.push(pending)
      continue
    }
    try {
      await deliver(pending)
      result.done.push(pending)
    } catch (e) {
      if (e instanceof StillPending) result.waiting.push(pending)
      else result.refused.push({ write: pending, reason: e instanceof Error ? e.message : '' })
    }
  }
  return result
}

const underway = new Set<string>()

async function deliver<T>(pending: Pending): Promise<T> {
  underway.add(pending.request_id)
  try {
    const body = { ...pending.body, request_id: pending.request_id }
    const answer = await request<T>({ method: pending.method, path: pending.path, body })
    forget(pending.request_id)
    return answer
  } catch (e) {
    if (e instanceof ApiError && !e.definite) throw new StillPending(pending)
    forget(pending.request_id)
    throw e
  } finally {
    underway.delete(pending.request_id)
  }
}

function stored(): Pending[] {
  const kept: unknown = uni.getStorageSync(PENDING_KEY)
  return Array.isArray(kept) ? (kept as Pending[]) : []
}

function save(all: Pending[]): void {
  uni.setStorageSync(PENDING_KEY, all)
}

function forget(requestId: string): void {
  save(stored().filter((p) => p.request_id !== requestId))
}
