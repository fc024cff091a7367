/** Answering an objection: what the form holds, what is missing in it, and what is sent. */
import type { Case, Item } from '@/api/types'
import { quantified } from '@/services/items'
import { formatPoints, parsePoints } from '@/services/points'

export type Outcome = 'kept' | 'amended' | 'removed'

export const outcomes: { value: Outcome; name: string }[] = [
  { value: 'kept', name: '维持：记得对' },
  { value: 'amended', name: '更正：改一改' },
  { value: 'removed', name: '撤销：不该记' },
]

/** As typed; the record's own values stand there first. */
export interface Settling {
  outcome: Outcome | ''
  answer: string
  points: string
  grade: string
  quantity: string
  note: string
}

/** Quantities are thousandths of the unit. */
const quantityText = (thousandths: number) => String(thousandths / 1000)

function quantityOf(text: string): number | undefined {
  return /^\d{1,6}(\.\d{1,3})?$/.test(text.trim()) ? Math.round(Number(text) * 1000) : undefined
}

export function settlingOf(c?: Case): Settling {
  return {
    outcome: '',
    answer: '',
    points: c?.asked ? formatPoints(c.asked).replace('−', '-').replace(/,/g, '') : '',
    grade: c?.grade ?? '',
    quantity: c?.quantity ? quantityText(c.quantity) : '',
    note: c?.note ?? '',
  }
}

/** The sentence to show; empty when the answer can be sent. */
export function missingOf(s: Settling, c: Case, item?: Item): string {
  if (!s.outcome) return '先选怎样处理'
  if (s.outcome === 'amended') {
    const missing = missingValue(s, item) || (unchanged(s, c, item) ? '和原来一样，没有更正' : '')
    if (missing) return missing
  }
  return s.answer.trim().length < 2 ? '再写答复' : ''
}

function missingValue(s: Settling, item?: Item): string {
  if (!item) return ''
  const { value } = item
  if (value.kind === 'grades' && !s.grade) return '请选一个等次'
  if (value.kind === 'range') {
    const points = parsePoints(s.points)
    if (points === undefined || points < (value.from ?? 0) || points > (value.to ?? 0)) return '请填分数，不能超出范围'
    if (!s.note.trim()) return '请写几句为什么给这个分'
  }
  return quantified(item) && quantityOf(s.quantity) === undefined ? `请填多少${value.unit ?? ''}` : ''
}

/** What the record is to say instead; what its item does not ask for stays as it was. */
function content(s: Settling, c: Case, item?: Item) {
  return {
    points: item?.value.kind === 'range' ? (parsePoints(s.points) ?? 0) : (c.asked ?? 0),
    grade: item?.value.kind === 'grades' ? s.grade : (c.grade ?? ''),
    quantity: item && quantified(item) ? (quantityOf(s.quantity) ?? 0) : (c.quantity ?? 0),
    note: s.note.trim(),
  }
}

function unchanged(s: Settling, c: Case, item?: Item): boolean {
  const now = content(s, c, item)
  return now.points === (c.asked ?? 0) && now.grade === (c.grade ?? '') && now.quantity === (c.quantity ?? 0) && now.note === (c.note ?? '').trim() && !c.note_held
}

export function settleBody(s: Settling, c: Case, item?: Item): object {
  const said = { outcome: s.outcome, answer: s.answer.trim() }
  return s.outcome === 'amended' ? { ...said, ...content(s, c, item) } : said
}
