/** How a vote of the panel stands, in words. */
import type { Case } from '@/api/types'
import { formatPoints } from '@/services/points'

export function outcomeOf(c: Case): string {
  if (c.state === 'submitted') return '已投票，等结果'
  return c.state === 'rejected' ? '没有通过' : '通过了'
}

export function tallyOf(c: Case): string {
  const b = c.ballot
  if (!b) return ''
  const mean = b.mean ? `，平均${formatPoints(b.mean)}分` : ''
  const short = c.state === 'submitted' && b.ayes + b.noes < b.quorum ? `，满${b.quorum}票才有结果` : ''
  return `${b.ayes}票同意，${b.noes}票不同意${mean}${short}`
}
