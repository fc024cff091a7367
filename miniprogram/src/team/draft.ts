/** The record being written, shared by the pages that fill it in and kept on the device until it is done. */
import { reactive, watch } from 'vue'
import type { Evidence, Item, NewCase } from '@/api/types'
import { today } from '@/services/dates'
import { quantified } from '@/services/items'
import { parsePoints } from '@/services/points'

const KEY = 'hefen.team.draft'

/** Who is recorded: a household, or a person where the village scores persons. */
export interface Subject {
  id: string
  name: string
  number: string
}

/** A photo, a photo of a paper, or a signature, on its way to the server. */
export interface Proof {
  kind: 'photo' | 'certificate' | 'signature'
  /** On the device; gone after the app was closed. */
  path: string
  /** The server's id once it is there. */
  photo: string
  problem: string
}

/** The other household of a deed that both sides confirm. */
export interface OtherSide extends Subject {
  /** What was said, when an official notes it; empty asks the household in the app. */
  note: string
  oral: boolean
}

export interface Draft {
  subjects: Subject[]
  item: Item | null
  grade: string
  /** As typed; read by newCase. */
  points: string
  quantity: string
  note: string
  occurred_on: string
  proofs: Proof[]
  other: OtherSide | null
}

function emptyDraft(): Draft {
  return { subjects: [], item: null, grade: '', points: '', quantity: '', note: '', occurred_on: today(), proofs: [], other: null }
}

function kept(): Draft {
  const stored: unknown = uni.getStorageSync(KEY)
  if (!stored || typeof stored !== 'object') return emptyDraft()
  const draft = { ...emptyDraft(), ...(stored as Partial<Draft>) }
  // A picture that had not been sent is gone with the app that was closed; what the server has stays.
  return { ...draft, proofs: draft.proofs.filter((p) => p.photo).map((p) => ({ ...p, path: '' })) }
}

export const draft = reactive<Draft>(kept())

watch(draft, (now) => uni.setStorageSync(KEY, JSON.parse(JSON.stringify(now))), { deep: true })

/** Begins anew, perhaps for the same households. */
export function clearDraft(keep: Partial<Draft> = {}): void {
  Object.assign(draft, emptyDraft(), keep)
}

export function chooseItem(item: Item): void {
  Object.assign(draft, { item, grade: '', points: '', quantity: '', other: null })
}

/** What is still missing, as the sentence to show; empty when the record can be decided. */
export function missingPart(d: Draft): string {
  if (d.subjects.length === 0) return '先选哪家'
  if (!d.item) return '再选什么事'
  const { value } = d.item
  if (value.kind === 'grades' && !d.grade) return '请选一个等次'
  if (value.kind === 'range') {
    const points = parsePoints(d.points)
    if (points === undefined || points < (value.from ?? 0) || points > (value.to ?? 0)) return '请填分数，不能超出范围'
    if (!d.note.trim()) return '请写几句为什么给这个分'
  }
  if (quantified(d.item) && quantityOf(d) === undefined) return `请填多少${value.unit ?? ''}`
  return missingProof(d, d.item)
}

/** What is missing of the evidence that the item asks for; the server asks the same. */
function missingProof(d: Draft, item: Item): string {
  if (d.proofs.some((p) => p.problem)) return '有照片没有传上，请点“重传”'
  if (d.proofs.some((p) => !p.photo)) return '照片正在上传……'
  if (d.other?.oral && d.other.note.trim().length < 2) return '请写对方谁、什么时候确认的'
  const have = new Set<string>(d.proofs.map((p) => p.kind))
  if (d.other) have.add('both')
  const wanted = item.evidence ?? []
  const enough = item.evidence_all ? wanted.every((k) => have.has(k)) : wanted.length === 0 || wanted.some((k) => k === 'none' || have.has(k))
  return enough ? '' : `还差${item.words.evidence}`
}

function evidenceOf(d: Draft): Evidence[] {
  const shots: Evidence[] = d.proofs.map((p) => ({ kind: p.kind, photo: p.photo }))
  if (!d.other) return shots
  return [...shots, { kind: 'both', household: d.other.id, ...(d.other.oral ? { note: d.other.note.trim() } : {}) }]
}

/** Thousandths of the unit, the server's measure of quantities. */
export function quantityOf(d: Draft): number | undefined {
  const match = /^(\d{1,6})(?:\.(\d{1,3}))?$/.exec(d.quantity.trim())
  if (!match) return undefined
  const thousandths = Number(match[1]) * 1000 + Number((match[2] ?? '').padEnd(3, '0'))
  return thousandths > 0 ? thousandths : undefined
}

export function newCase(d: Draft): NewCase {
  const kind = d.item?.value.kind
  return {
    item: d.item?.code ?? '',
    subjects: d.subjects.map((s) => s.id),
    occurred_on: d.occurred_on,
    ...(kind === 'range' ? { points: parsePoints(d.points) } : {}),
    ...(kind === 'grades' ? { grade: d.grade } : {}),
    ...(d.item && quantified(d.item) ? { quantity: quantityOf(d) } : {}),
    ...(d.note.trim() ? { note: d.note.trim() } : {}),
    ...(d.proofs.length || d.other ? { evidence: evidenceOf(d) } : {}),
  }
}

export function toggleSubject(subject: Subject): void {
  const others = draft.subjects.filter((s) => s.id !== subject.id)
  draft.subjects = others.length < draft.subjects.length ? others : [...others, subject]
}
