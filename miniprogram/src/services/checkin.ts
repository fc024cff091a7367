/**
 * Checking in at an event. It is kept on the device with the code and the moment of scanning before anything is sent. With a signal
 * it goes at once and counts at once; without, it goes from the shelf later, and the organiser confirms what came late. Both
 * ways carry one request_id, so that a lost answer is no second check-in.
 */
import { activityPaths } from '@/api/activities'
import type { Attendee } from '@/api/types'
import { photoBytes, type KeptPhoto } from './album'
import { dropDraft, keepDraft, updateDraft } from './drafts'
import { ApiError, request } from './request'
import { held, uploadPhoto } from './sync'

export interface CheckIn {
  village: string
  user: string
  event: { id: string; title: string }
  /** The QR code's text or its six digits. */
  code: string
  member?: string
  photo?: KeptPhoto
}

/** Who is on the list now; undefined where there is no signal and it waits on the device. Throws ApiError when it was refused. */
export async function checkIn(c: CheckIn): Promise<Attendee | undefined> {
  const body = { code: c.code, ...(c.member ? { member: c.member } : {}), ...(c.photo ? { photo: { sha256: c.photo.sha256 } } : {}) }
  const photos = c.photo ? [c.photo] : []
  const draft = await keepDraft({ kind: 'check_in', village: c.village, user: c.user, label: `签到：${c.event.title}`, body: { target: c.event.id, check_in: body }, photos })
  held.add(draft.request_id) // not from the shelf as long as it may come at once
  try {
    const bytes = c.photo && (await photoBytes(c.photo.sha256))
    if (c.photo && bytes) await uploadPhoto(c.village, c.photo.sha256, bytes)
    const seat = await request<Attendee>({ method: 'POST', path: activityPaths.checkIn(c.village, c.event.id), body: { ...body, request_id: draft.request_id } })
    updateDraft(draft.request_id, { state: 'sent', settled_at: Date.now() })
    return seat
  } catch (e) {
    if (e instanceof ApiError && !e.definite) return undefined
    dropDraft(draft.request_id)
    throw e
  } finally {
    held.delete(draft.request_id)
  }
}
