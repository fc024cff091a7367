/** What a record says of its value, as typed, while somebody corrects it: on review, or in answer to an objection. */
import type { Case, Item } from '@/api/types'
import { counted, fixed, quantified } from '@/services/items'
import { formatPoints, parsePoints } from '@/services/points'
import type { PartFilled } from './draft'

export interface Said {
  points: string
  grade: string
  quantity: string
  persons: string
  parts: Record<string, PartFilled>
}

/** Typed numbers have an ASCII minus and no groups. */
const typed = (hundredths: number) => formatPoints(hundredths).replace('−', '-').replace(/,/g, '')

/** Quantities are thousandths of the unit. */
function quantityOf(text: string): number | undefined {
  return /^\d{1,6}(\.\d{1,3})?$/.test(text.trim()) ? Math.round(Number(text) * 1000) : undefined
}

const personsOf = (text: string): number | undefined => (/^[1-9]\d{0,4}$/.test(text.trim()) ? Number(text.trim()) : undefined)

export function saidOf(c?: Case): Said {
  const parts = (c?.parts ?? []).map((p): [string, PartFilled] => [p.code, { option: p.option ?? '', off: p.off ? typed(p.off) : '' }])
  return {
    points: c?.asked ? typed(c.asked) : '',
    grade: c?.grade ?? '',
    quantity: c?.quantity ? String(c.quantity / 1000) : '',
    persons: c?.persons ? String(c.persons) : '',
    parts: Object.fromEntries(parts),
  }
}

/** The sentence to show while something is missing; a value that the rules fix may be left empty: all of it. */
export function missingSaid(s: Said, item?: Item): string {
  if (!item) return ''
  const { value } = item
  if (value.kind === 'grades' && !s.grade) return '请选一个等次'
  if (value.kind === 'range' && !s.points.trim()) return '先填分数'
  if (value.kind === 'range' && !within(s.points, value.from ?? 0, value.to ?? 0)) return '分数超出范围'
  if (fixed(item) && s.points.trim() && !lower(s.points, value.points ?? 0)) return '分数超出范围'
  if (value.kind === 'sheet') return missingPart(s, item)
  if (counted(item) && s.persons.trim() && personsOf(s.persons) === undefined) return '人数填得不对'
  return quantified(item) && quantityOf(s.quantity) === undefined ? `请填多少${value.unit ?? ''}` : ''
}

function within(text: string, from: number, to: number): boolean {
  const points = parsePoints(text)
  return points !== undefined && points >= from && points <= to
}

function lower(text: string, full: number): boolean {
  const points = parsePoints(text)
  return points !== undefined && points !== 0 && points < 0 === full < 0 && Math.abs(points) < Math.abs(full)
}

function missingPart(s: Said, item: Item): string {
  for (const part of item.value.parts ?? []) {
    const filled = s.parts[part.code]
    if (part.options?.length && !filled?.option) return `请填“${part.name}”`
    if (!part.options?.length && !within(filled?.off || '0', 0, part.full ?? 0)) return `“${part.name}”扣几分，填得不对`
  }
  return ''
}

/** What the record is to say instead; what its item does not ask for stays as it was. */
export function contentOf(s: Said, c: Case, item?: Item) {
  const given = item?.value.kind === 'range' || (item && fixed(item))
  return {
    points: given ? (parsePoints(s.points) ?? 0) : (c.asked ?? 0),
    grade: item?.value.kind === 'grades' ? s.grade : (c.grade ?? ''),
    quantity: item && quantified(item) ? (quantityOf(s.quantity) ?? 0) : (c.quantity ?? 0),
    ...(item?.value.kind === 'sheet' ? { parts: partsOf(s, item) } : {}),
    ...(c.persons ? { persons: personsOf(s.persons) ?? c.persons } : {}),
  }
}

/** Parts that have lost nothing are left out, as when the record was made. */
function partsOf(s: Said, item: Item) {
  return (item.value.parts ?? [])
    .map((part) => {
      const filled = s.parts[part.code]
      return part.options?.length ? { code: part.code, option: filled?.option ?? '' } : { code: part.code, off: parsePoints(filled?.off || '0') ?? 0 }
    })
    .filter((p) => 'option' in p || p.off !== 0)
}

/** Whether the record says this already. */
export function sameContent(s: Said, c: Case, item?: Item): boolean {
  const now = contentOf(s, c, item)
  const plain = (parts: Case['parts']) => JSON.stringify([...(parts ?? [])].map((p) => [p.code, p.off ?? 0, p.option ?? '']).filter((p) => p[1] !== 0 || p[2] !== '').sort())
  return (
    now.points === (c.asked ?? 0) &&
    now.grade === (c.grade ?? '') &&
    now.quantity === (c.quantity ?? 0) &&
    (now.persons ?? 0) === (c.persons ?? 0) &&
    (now.parts === undefined || plain(now.parts) === plain(c.parts))
  )
}
