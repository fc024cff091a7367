import type { SeasonClosing, SeasonLook, SeasonRun, SeasonWaiting } from '@/api/types'
import { formatPoints } from '@/services/points'
import { spanAt, type SpanKind } from '@/services/spans'

/** A span is closed a minute after it was stopped at the earliest. */
export const GRACE_MS = 60_000

const SHOWN: Record<SpanKind, number> = { year: 2, half: 3, quarter: 3, month: 3 }

/** The latest spans of a kind that are over, the last first. */
export function endedSpans(kind: SpanKind, now = Date.now()): string[] {
  return Array.from({ length: SHOWN[kind] }, (_, i) => spanAt(kind, -1 - i, now))
}

/** What can be done about the end of a span: stop it, close it, go on with a close that was broken off, or nothing. */
export type End = 'stop' | 'soon' | 'close' | 'again' | 'done'

export function nextEnd(look: SeasonLook, run: SeasonRun | undefined, now = Date.now()): End {
  if (run?.state === 'closing') return 'again'
  if (run && run.state !== 'stopped') return 'done'
  if (look.state === 'open') return 'stop'
  return look.state === 'grace' && now - (look.since ?? 0) < GRACE_MS ? 'soon' : 'close'
}

/** The reasons for not waiting, one for each thing that blocks; undefined while one of them lacks its reason. */
export function overridesOf(waiting: SeasonWaiting[], reasons: Record<string, string>): { kind: string; why: string }[] | undefined {
  const list = waiting.filter((w) => w.blocks).map((w) => ({ kind: w.kind, why: (reasons[w.kind] ?? '').trim() }))
  return list.every((o) => o.why) ? list : undefined
}

/** What the end of a period did or would do, line by line. */
export function closingWords(c: SeasonClosing): string[] {
  const lines = [
    c.resets ? `清零结转：${c.resets}个账户，共减 ${formatPoints(Math.abs(c.reset_sum))} 分` : '',
    c.grants ? `记基础分：${c.grants}个账户，共 ${formatPoints(c.grant_sum)} 分` : '',
    c.coins ? `名次奖励：${c.coins}个账户，共 ${formatPoints(c.coin_sum)} 分` : '',
    c.tags ? `到了标准要处理的：${c.tags}个` : '',
    c.lifts ? `到期解除的：${c.lifts}个` : '',
    c.named ? `要重点帮的：${c.named}个` : '',
  ].filter(Boolean)
  return lines.length ? lines : ['没有要变动的积分，只定下名次']
}
