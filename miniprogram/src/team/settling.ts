/** Answering an objection: what the form holds, what is missing in it, and what is sent. */
import type { Case, Item } from '@/api/types'
import type { DraftBody } from '@/services/drafts'
import { contentOf, missingSaid, sameContent, saidOf, type Said } from './content'

export type Outcome = 'kept' | 'amended' | 'removed'

export const outcomes: { value: Outcome; name: string }[] = [
  { value: 'kept', name: '维持：记得对' },
  { value: 'amended', name: '更正：改一改' },
  { value: 'removed', name: '撤销：不该记' },
]

/** As typed; the record's own values stand there first. */
export interface Settling extends Said {
  outcome: Outcome | ''
  answer: string
  note: string
}

export function settlingOf(c?: Case): Settling {
  return { outcome: '', answer: '', ...saidOf(c), note: c?.note ?? '' }
}

/** The sentence to show; empty when the answer can be sent. */
export function missingOf(s: Settling, c: Case, item?: Item): string {
  if (!s.outcome) return '先选怎样处理'
  if (s.outcome === 'amended') {
    const missing = missingSaid(s, item) || missingNote(s, item) || (unchanged(s, c, item) ? '和原来一样，没有更正' : '')
    if (missing) return missing
  }
  return s.answer.trim().length < 2 ? '再写答复' : ''
}

function missingNote(s: Settling, item?: Item): string {
  return item?.value.kind === 'range' && !s.note.trim() ? '请写几句为什么给这个分' : ''
}

function unchanged(s: Settling, c: Case, item?: Item): boolean {
  return sameContent(s, c, item) && s.note.trim() === (c.note ?? '').trim() && !c.note_held
}

export function settleBody(s: Settling, c: Case, item?: Item): NonNullable<DraftBody['settle']> {
  const said = { outcome: s.outcome as Outcome, answer: s.answer.trim() }
  return s.outcome === 'amended' ? { ...said, ...contentOf(s, c, item), note: s.note.trim() } : said
}
