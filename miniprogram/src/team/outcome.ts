/** What came of a draft that was carried out, in words. */
import type { FieldDraft } from '@/services/drafts'
import { signedPoints } from '@/services/points'

export function outcome(d: FieldDraft): string {
  const a = d.answer
  if (a?.waits) return '等别人审核'
  if (d.kind === 'submit_inspection') return `${a?.cases ?? 0} 户都记上了`
  if (d.kind !== 'record') return '已办好'
  return `${signedPoints(a?.points ?? 0)}分${(a?.cases ?? 1) > 1 ? `，共 ${a?.cases} 户` : ''}`
}
