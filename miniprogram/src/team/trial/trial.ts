/** A change of the rules that is tried on the village's records: what is sent, and what came of it in words. */
import type { Item, TrialAccount, TrialReport } from '@/api/types'
import { addDays, today } from '@/services/dates'
import { formatPoints, parsePoints } from '@/services/points'
import type { Stretch } from '../publish/stretches'

/** One rule with the points that it would give, as typed. */
export interface Changed {
  item: Item
  points: string
}

const ONE_NUMBER = ['fixed', 'per_unit', 'per_person', 'streak']

/** Rules whose worth is one number, which can be tried without a file. */
export const changeable = (items: Item[]): Item[] => items.filter((i) => ONE_NUMBER.includes(i.value.kind) && i.value.points)

/** How much such a rule gives now, in words. */
export const nowWorth = (item: Item): string => `${formatPoints(item.value.points ?? 0)}分`

/** What is still missing, as the sentence to show; empty when it can be tried. */
export function missingOf(changes: Changed[]): string {
  if (changes.length === 0) return '先选一件要改的事'
  for (const c of changes) {
    const points = parsePoints(c.points)
    const old = c.item.value.points ?? 0
    if (!points) return `请填“${c.item.name}”改成多少分`
    if (points < 0 !== old < 0) return old < 0 ? `“${c.item.name}”是扣分的，请填负数，如 -2` : `“${c.item.name}”是加分的，请填正数`
    if (points === old) return `“${c.item.name}”没有改`
  }
  return ''
}

export const changesOf = (changes: Changed[]) => changes.map((c) => ({ item: c.item.code, points: parsePoints(c.points) ?? 0 }))

export function trialSpans(now = today()): Stretch[] {
  const year = Number(now.slice(0, 4))
  return [
    { value: 'year', name: '今年到今天', from: `${year}-01-01`, to: now },
    { value: 'quarter', name: '最近三个月', from: addDays(now, -89), to: now },
    { value: 'last', name: '去年', from: `${year - 1}-01-01`, to: `${year - 1}-12-31` },
  ]
}

/** 一共会发 120 分，比现在多 20 分 */
export function versus(old: number, now: number): string {
  if (old === now) return `${formatPoints(now)} 分，和现在一样`
  return `${formatPoints(now)} 分，比现在${now > old ? '多' : '少'} ${formatPoints(Math.abs(now - old))} 分`
}

export function money(r: TrialReport): string {
  const more = r.fen_new - r.fen_old
  if (!more) return '兑换要花的钱和现在一样'
  return `兑换要花的钱会${more > 0 ? '多' : '少'} ${(Math.abs(more) / 100).toFixed(2)} 元`
}

/** 第3名 → 第2名；没有变的不写 */
export function ranks(a: TrialAccount): string {
  if (!a.old_rank || !a.new_rank) return ''
  return a.old_rank === a.new_rank ? `还是第${a.new_rank}名` : `第${a.old_rank}名变第${a.new_rank}名`
}
