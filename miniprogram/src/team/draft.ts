/** The record being written, shared by the pages that fill it in and kept on the device until it is done. */
import { reactive, watch } from 'vue'
import type { Item, NewCase } from '@/api/types'
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

export interface Draft {
  subjects: Subject[]
  item: Item | null
  grade: string
  /** As typed; read by newCase. */
  points: string
  quantity: string
  note: string
  occurred_on: string
}

function emptyDraft(): Draft {
  return { subjects: [], item: null, grade: '', points: '', quantity: '', note: '', occurred_on: today() }
}

function kept(): Draft {
  const stored: unknown = uni.getStorageSync(KEY)
  return stored && typeof stored === 'object' ? { ...emptyDraft(), ...(stored as Partial<Draft>) } : emptyDraft()
}

export const draft = reactive<Draft>(kept())

watch(draft, (now) => uni.setStorageSync(KEY, JSON.parse(JSON.stringify(now))), { deep: true })

/** Begins anew, perhaps for the same households. */
export function clearDraft(keep: Partial<Draft> = {}): void {
  Object.assign(draft, emptyDraft(), keep)
}

export function chooseItem(item: Item): void {
  Object.assign(draft, { item, grade: '', points: '', quantity: '' })
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
  return ''
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
  }
}

export function toggleSubject(subject: Subject): void {
  const others = draft.subjects.filter((s) => s.id !== subject.id)
  draft.subjects = others.length < draft.subjects.length ? others : [...others, subject]
}
