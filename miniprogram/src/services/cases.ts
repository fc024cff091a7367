/** Reading a record. */
import type { Case } from '@/api/types'
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
