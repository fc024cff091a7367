/** The record being written, shared by the pages that fill it in and kept on the device until it is a draft of its own. */
import { reactive, watch } from 'vue'
import type { components } from '@/api/schema'
import type { Evidence, Item, NewCase } from '@/api/types'
import { today } from '@/services/dates'
import { counted, quantified } from '@/services/items'
import { parsePoints } from '@/services/points'

const KEY = 'hefen.team.draft'
const RECENT_KEY = 'hefen.team.items'
const RECENT = 4

/** Who is recorded: a household, or a person where the village scores persons. */
export interface Subject {
  id: string
  name: string
  number: string
}

/** A photo, a photo of a paper, or a signature; its bytes are kept on the device under their hash. */
export interface Proof {
  kind: 'photo' | 'certificate' | 'signature'
  sha256: string
  size: number
}

/** The other household of a deed that both sides confirm. */
export interface OtherSide extends Subject {
  /** What was said, when an official notes it; empty asks the household in the app. */
  note: string
  oral: boolean
}

/** Somebody whom the deed touches beside its subject. */
export interface Party extends Subject {
  role: string
  relation: string
}

/** One part of a sheet: the option taken, or the points off as typed. */
export interface PartFilled {
  option: string
  off: string
}

export interface Draft {
  subjects: Subject[]
  item: Item | null
  grade: string
  /** As typed; read by newCase. */
  points: string
  quantity: string
  persons: string
  note: string
  occurred_on: string
  proofs: Proof[]
  other: OtherSide | null
  parties: Party[]
  parts: Record<string, PartFilled>
}

function emptyDraft(): Draft {
  return { subjects: [], item: null, grade: '', points: '', quantity: '', persons: '', note: '', occurred_on: today(), proofs: [], other: null, parties: [], parts: {} }
}

function kept(): Draft {
  const stored: unknown = uni.getStorageSync(KEY)
  if (!stored || typeof stored !== 'object') return emptyDraft()
  const draft = { ...emptyDraft(), ...(stored as Partial<Draft>) }
  return { ...draft, proofs: draft.proofs.filter((p) => p.sha256) }
}

export const draft = reactive<Draft>(kept())

watch(draft, (now) => uni.setStorageSync(KEY, JSON.parse(JSON.stringify(now))), { deep: true })

/** Begins anew, perhaps for the same households. */
export function clearDraft(keep: Partial<Draft> = {}): void {
  Object.assign(draft, emptyDraft(), keep)
}

export function chooseItem(item: Item): void {
  const other = item.subject !== draft.item?.subject // whoever is credited is of another kind
  Object.assign(draft, { item, grade: '', points: '', quantity: '', persons: '', other: null, parties: [], parts: {}, ...(other ? { subjects: [] } : {}) })
  uni.setStorageSync(RECENT_KEY, [item.code, ...recentItems().filter((code) => code !== item.code)].slice(0, RECENT))
}

/** Codes of the items chosen last on this device, the latest first. */
export function recentItems(): string[] {
  const stored: unknown = uni.getStorageSync(RECENT_KEY)
  return Array.isArray(stored) ? stored.filter((code): code is string => typeof code === 'string') : []
}

/** Those of an item's parties that the recorder names. */
export const namedParties = (item: Item) => (item.parties ?? []).filter((p) => p.who === 'named')

/** What is still missing, as the sentence to show; empty when the record can be decided. */
export function missingPart(d: Draft): string {
  if (d.subjects.length === 0) return d.item?.subject === 'group' ? '先选哪个组' : d.item?.subject === 'team' ? '先选哪支队伍' : '先选哪家'
  if (!d.item) return '再选什么事'
  return missingValue(d, d.item) || missingParty(d, d.item) || missingProof(d, d.item)
}

function missingValue(d: Draft, item: Item): string {
  const { value } = item
  if (value.kind === 'grades' && !d.grade) return '请选一个等次'
  if (value.kind === 'range') {
    const points = parsePoints(d.points)
    if (points === undefined || points < (value.from ?? 0) || points > (value.to ?? 0)) return '请填对分数'
    if (!d.note.trim()) return '请写几句为什么给这个分'
  }
  if (quantified(item) && quantityOf(d) === undefined) return `请填多少${value.unit ?? ''}`
  if (value.kind === 'sheet') return missingOfSheet(d, item)
  if (counted(item) && d.parties.length === 0 && personsOf(d) === undefined) return `请填有多少${value.unit ?? '人'}参加`
  return ''
}

function missingOfSheet(d: Draft, item: Item): string {
  for (const part of item.value.parts ?? []) {
    const filled = d.parts[part.code]
    if (part.options?.length && !filled?.option) return `请填“${part.name}”`
    const off = parsePoints(filled?.off || '0')
    if (!part.options?.length && (off === undefined || off < 0 || off > (part.full ?? 0))) return `“${part.name}”扣几分，填得不对`
  }
  return ''
}

function missingParty(d: Draft, item: Item): string {
  for (const rule of namedParties(item)) {
    const named = d.parties.filter((p) => p.role === rule.role)
    if (named.length < rule.min && !(counted(item) && personsOf(d))) return `请选${rule.name}`
    if (named.length > rule.max) return `${rule.name}最多 ${rule.max} 个`
    if (rule.relations?.length && named.some((p) => !p.relation)) return `请选${rule.name}是本人的什么人`
  }
  return ''
}

/** What is missing of the evidence that the item asks for; the server asks the same. */
function missingProof(d: Draft, item: Item): string {
  if (d.other?.oral && d.other.note.trim().length < 2) return '请写对方谁、什么时候确认的'
  const have = new Set<string>(d.proofs.map((p) => p.kind))
  if (d.other) have.add('both')
  const wanted = item.evidence ?? []
  const enough = item.evidence_all ? wanted.every((k) => have.has(k)) : wanted.length === 0 || wanted.some((k) => k === 'none' || have.has(k))
  return enough ? '' : `还差${item.words.evidence}`
}

function evidenceOf(d: Draft): Evidence[] {
  const shots: Evidence[] = d.proofs.map((p) => ({ kind: p.kind, sha256: p.sha256 }))
  if (!d.other) return shots
  return [...shots, { kind: 'both', household: d.other.id, ...(d.other.oral ? { note: d.other.note.trim() } : {}) }]
}

/** Thousandths of the unit, the server's measure of quantities. Faults may be none. */
export function quantityOf(d: Draft): number | undefined {
  const match = /^(\d{1,6})(?:\.(\d{1,3}))?$/.exec(d.quantity.trim())
  if (!match) return undefined
  const thousandths = Number(match[1]) * 1000 + Number((match[2] ?? '').padEnd(3, '0'))
  return thousandths > 0 || d.item?.value.kind === 'faults' ? thousandths : undefined
}

export function personsOf(d: Draft): number | undefined {
  const n = /^\d{1,5}$/.test(d.persons.trim()) ? Number(d.persons) : 0
  return n > 0 && n <= 10_000 ? n : undefined
}

function partsOf(d: Draft, item: Item): components['schemas']['SchemePartResult'][] {
  return (item.value.parts ?? []).flatMap((part): components['schemas']['SchemePartResult'][] => {
    const filled = d.parts[part.code]
    if (part.options?.length) return filled?.option ? [{ code: part.code, option: filled.option }] : []
    const off = parsePoints(filled?.off || '0') ?? 0
    return off > 0 ? [{ code: part.code, off }] : []
  })
}

/** The request. A deed of today carries no day: the server reckons it from the device's clock, which it sets right. */
export function newCase(d: Draft): NewCase {
  const item = d.item
  const kind = item?.value.kind
  return {
    item: item?.code ?? '',
    subjects: d.subjects.map((s) => s.id),
    ...(d.occurred_on === today() ? {} : { occurred_on: d.occurred_on }),
    ...(kind === 'range' ? { points: parsePoints(d.points) } : {}),
    ...(kind === 'grades' ? { grade: d.grade } : {}),
    ...(item && quantified(item) ? { quantity: quantityOf(d) } : {}),
    ...(item && kind === 'sheet' ? { parts: partsOf(d, item) } : {}),
    ...(item && counted(item) && d.parties.length === 0 ? { persons: personsOf(d) } : {}),
    ...(d.parties.length ? { parties: d.parties.map((p) => ({ role: p.role, subject: p.id, ...(p.relation ? { relation: p.relation } : {}) })) } : {}),
    ...(d.note.trim() ? { note: d.note.trim() } : {}),
    ...(d.proofs.length || d.other ? { evidence: evidenceOf(d) } : {}),
  }
}

export function toggleSubject(subject: Subject): void {
  const others = draft.subjects.filter((s) => s.id !== subject.id)
  draft.subjects = others.length < draft.subjects.length ? others : [...others, subject]
}

/** Names somebody in a role of the deed, or takes the name back. */
export function toggleParty(role: string, subject: Subject): void {
  const others = draft.parties.filter((p) => p.role !== role || p.id !== subject.id)
  draft.parties = others.length < draft.parties.length ? others : [...others, { ...subject, role, relation: '' }]
}
