/** The months of a village's points and money as bars. */
import { yuan } from '@/api/stock'
import type { FundsOverview } from '@/api/types'
import { monthName, type Bar } from '@/services/figures'
import { formatPoints } from '@/services/points'

type Month = FundsOverview['months'][number]

const MONTHS = 12

export const pointBars = (months: Month[]): Bar[] =>
  months.slice(-MONTHS).map((m) => ({ name: monthName(m.month), value: Math.max(0, m.issued), text: `发 ${formatPoints(m.issued)}分`, second: Math.max(0, m.redeemed), secondText: `兑 ${formatPoints(m.redeemed)}分` }))

export const moneyBars = (months: Month[]): Bar[] =>
  months.slice(-MONTHS).map((m) => ({ name: monthName(m.month), value: Math.max(0, m.income_fen), text: `进 ${yuan(m.income_fen)}元`, second: Math.max(0, m.paid_fen), secondText: `付 ${yuan(m.paid_fen)}元` }))
