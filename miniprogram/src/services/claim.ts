/** What a household claims or reports: which rules allow it, what has to be filled in, and what is sent. */
import type { Item, NewClaim } from '@/api/types'
import { parsePoints } from './points'

export type ClaimWay = 'claim' | 'peer'

/** What has been filled in; numbers as typed. */
export interface ClaimForm {
  item: Item
  grade: string
  points: string
  quantity: string
  note: string
  occurred_on: string
  /** The member, where persons are scored; the other household or its member for a report. */
  subject: string
  /** Hashes of what is kept on the device. */
  photos: string[]
}

const counted = ['steps', 'per_unit', 'brackets', 'milestones']
const simple = ['fixed', 'range', 'grades', ...counted]

/** The quantity has to be told. */
export const asksQuantity = (item: Item) => counted.includes(item.value.kind)

/** Rules by which a household can enter something itself on a phone; the rest is for the village's people to enter. */
export function claimable(items: Item[], way: ClaimWay): Item[] {
  return items.filter((i) => i.ways.includes(way) && simple.includes(i.value.kind) && !(i.parties ?? []).some((p) => p.who === 'named'))
}

/** Whether the item wants a photo or a paper that can be photographed. */
export const wantsPhoto = (item: Item) => (item.evidence ?? []).some((k) => k === 'photo' || k === 'certificate')

/** What is still missing, as the sentence to show; empty when it can be sent. */
export function missingFrom(f: ClaimForm, needsSubject: boolean): string {
  const { value } = f.item
  if (needsSubject && !f.subject) return '请选是谁做的'
  if (value.kind === 'grades' && !f.grade) return '请选一个等次'
  if (value.kind === 'range') {
    const points = parsePoints(f.points)
    if (points === undefined || points < (value.from ?? 0) || points > (value.to ?? 0)) return '请填对分数'
    if (!f.note.trim()) return '请写几句做了什么'
  }
  if (asksQuantity(f.item) && thousandths(f.quantity) === undefined) return `请填多少${value.unit ?? ''}`
  const needed = (f.item.evidence ?? []).filter((k) => k === 'photo' || k === 'certificate')
  const free = (f.item.evidence ?? []).includes('none')
  if (needed.length && !free && f.photos.length === 0 && (f.item.evidence_all || f.item.evidence.length === needed.length)) return '请拍一张照片作凭据'
  return ''
}

/** Thousandths of the unit, the server's measure of quantities. */
export function thousandths(text: string): number | undefined {
  const match = /^(\d{1,6})(?:\.(\d{1,3}))?$/.exec(text.trim())
  if (!match) return undefined
  const size = Number(match[1]) * 1000 + Number((match[2] ?? '').padEnd(3, '0'))
  return size > 0 ? size : undefined
}

export function newClaim(f: ClaimForm): NewClaim {
  const kind = f.item.value.kind
  const proof = f.item.evidence?.includes('photo') || !f.item.evidence?.includes('certificate') ? 'photo' : 'certificate'
  return {
    item: f.item.code,
    occurred_on: f.occurred_on,
    ...(f.subject ? { subject: f.subject } : {}),
    ...(kind === 'range' ? { points: parsePoints(f.points) } : {}),
    ...(kind === 'grades' ? { grade: f.grade } : {}),
    ...(asksQuantity(f.item) ? { quantity: thousandths(f.quantity) } : {}),
    ...(f.note.trim() ? { note: f.note.trim() } : {}),
    ...(f.photos.length ? { evidence: f.photos.map((sha256) => ({ kind: proof, sha256 })) } : {}),
  }
}
