/**
 * What has changed for a household since this device last showed it, in words. The device keeps the figures; while the app runs they
 * are compared with those of the run before, so that going back and forth does not wipe the news.
 */
import { showDay, today } from './dates'
import { formatPoints } from './points'

export interface Figures {
  spendable: number
  score: number
  /** 0 while there is none. */
  rank: number
}

interface Kept extends Figures {
  day: string
}

const KEY = 'hefen.figures.'
const before = new Map<string, Kept | undefined>()

/** Notes the figures and tells the change; empty the first time. */
export function sinceLast(household: string, now: Figures, day = today()): string {
  if (!before.has(household)) before.set(household, read(household))
  const { spendable, score, rank } = now
  uni.setStorageSync(KEY + household, { spendable, score, rank, day })
  const last = before.get(household)
  if (!last) return ''
  const news = changes(last, now)
  const when = `${last.day === day ? '今天' : showDay(last.day)}看过以后`
  return news.length ? `${when}：${news.join('，')}` : `${when}，没有变化`
}

function changes(last: Figures, now: Figures): string[] {
  const news: string[] = []
  const moved = (what: string, by: number) => {
    if (by) news.push(`${what}${by > 0 ? '多了' : '少了'}${formatPoints(Math.abs(by))}分`)
  }
  moved('能花的', now.spendable - last.spendable)
  moved('今年得分', now.score - last.score)
  if (last.rank && now.rank && last.rank !== now.rank) {
    const places = last.rank - now.rank
    news.push(`名次${places > 0 ? '升' : '降'}了${Math.abs(places)}位`)
  }
  return news
}

function read(household: string): Kept | undefined {
  const kept = uni.getStorageSync(KEY + household) as Kept | ''
  return kept && typeof kept.spendable === 'number' ? kept : undefined
}
