/** Reading a record. */
import type { Case } from '@/api/types'
import { today } from './dates'
import { signedPoints } from './points'

/** What counts, in words; a record that nobody has decided yet counts nothing and says so. */
export function worth(c: Case): string {
  return c.state === 'submitted' || c.state === 'draft' ? '待审' : `${signedPoints(c.points)}分`
}

/** Colour by sign; never the only sign, the words carry a plus or minus. */
export function worthClass(c: Case): string {
  if (c.state === 'submitted' || c.state === 'draft') return 'soft'
  return c.points < 0 ? 'minus' : 'plus'
}

const STANDING = ['decided', 'published', 'effective', 'amended']

/** Whether an objection to it can still be made. */
export function objectable(c: Case): boolean {
  return STANDING.includes(c.state) && (c.object_until ?? '') >= today()
}

/** The last day for an objection where one is set; before the notice there is none. */
export function lastDayToObject(c: Case): string {
  return c.object_until && c.object_until < '9000' ? c.object_until : ''
}
