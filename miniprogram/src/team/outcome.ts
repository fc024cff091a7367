import { pointsClips } from '@/services/clips'
import type { FieldDraft } from '@/services/drafts'
import { formatPoints, signedPoints } from '@/services/points'
import type { Said } from '@/services/speech'

/** What came of a draft that was carried out, in words. */
export function outcome(d: FieldDraft): string {
  const a = d.answer
  if (d.kind === 'vote') return a?.waits ? '投了，等别人投' : '投了，有结果了'
  if (a?.waits) return '等别人审核'
  if (d.kind === 'reject') return '退回去了'
  if (d.kind === 'approve') return a?.points ? `同意了，${signedPoints(a.points)}分` : '同意了'
  if (d.kind === 'settle') return '答复好了，提的人看得到'
  if (d.kind === 'submit_inspection') return `${a?.cases ?? 0} 户都记上了`
  if (d.kind !== 'record') return '已办好'
  return `${signedPoints(a?.points ?? 0)}分${(a?.cases ?? 1) > 1 ? `，共 ${a?.cases} 户` : ''}`
}

/** What is told the villager who stands there, also when it is not known yet what will count. */
export function spokenOf(d: FieldDraft): Said {
  const say = (text: string, clips: Said['clips']): Said => ({ text: `${d.label}，${text}。`, clips })
  if (d.state === 'refused') return say('没有记上', ['refused'])
  if (d.state === 'waiting') return say('记在手机里了', ['kept'])
  if (d.answer?.waits) return say('交上去了，等别人审核', ['sent', 'review'])
  const points = d.kind === 'record' ? (d.answer?.points ?? 0) : 0
  if (!points) return say('记好了', ['recorded'])
  return say(`记好了，${points < 0 ? '扣' : '加'}${formatPoints(Math.abs(points))}分`, ['recorded', points < 0 ? 'less' : 'plus', ...pointsClips(Math.abs(points))])
}
