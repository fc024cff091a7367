import { get } from '@/services/request'
import type { Daybook, FundsOverview, Goods, List, Lot, Plan, Stocktake } from './types'

const base = (village: string, shop: string) => `/villages/${village}/shops/${shop}`

/** All goods with their stock; paused and removed ones too. */
export const stock = (village: string, shop: string) => get<List<Goods>>(`${base(village, shop)}/stock`)

export const lots = (village: string, shop: string, goods: string) => get<{ items: Lot[] }>(`${base(village, shop)}/goods/${goods}/lots`)

/** What came in and went out on a day. */
export const daybook = (village: string, shop: string, day: string) => get<Daybook>(`${base(village, shop)}/daybook`, { from: day })

export const stocktakes = (village: string, shop: string) => get<List<Stocktake>>(`${base(village, shop)}/stocktakes`, { limit: 5 })

export const stocktake = (village: string, shop: string, id: string) => get<Stocktake>(`${base(village, shop)}/stocktakes/${id}`)

export const funds = (village: string) => get<FundsOverview>(`/villages/${village}/funds`)

export const plan = (village: string, shop: string) => get<Plan>(`${base(village, shop)}/plan`)

/** Paths of the writes, which go through services/write. */
export const stockPaths = {
  move: (village: string, shop: string, goods: string) => `${base(village, shop)}/goods/${goods}/moves`,
  funds: (village: string) => `/villages/${village}/funds`,
  income: (village: string, fund: string) => `/villages/${village}/funds/${fund}/income`,
  pointValue: (village: string) => `/villages/${village}/point-value`,
  stocktakes: (village: string, shop: string) => `${base(village, shop)}/stocktakes`,
  stocktake: (village: string, shop: string, id: string, step: 'counts' | 'send' | 'confirm' | 'drop') => `${base(village, shop)}/stocktakes/${id}/${step}`,
}

/** Fen as yuan: 12050 → "120.50", 12000 → "120". */
export function yuan(fen: number): string {
  const size = Math.abs(fen)
  const rest = size % 100 ? `.${String(size % 100).padStart(2, '0')}` : ''
  return (fen < 0 ? '−' : '') + String(Math.floor(size / 100)).replace(/\B(?=(\d{3})+$)/g, ',') + rest
}
