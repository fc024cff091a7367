import { get } from '@/services/request'
import type { Daybook, FundMove, FundsOverview, Goods, List, Lot, Move, Plan, Price, Statement, Stocktake, TownFunds, UnpaidLot } from './types'

const base = (village: string, shop: string) => `/villages/${village}/shops/${shop}`

/** All goods with their stock; paused and removed ones too. */
export const stock = (village: string, shop: string) => get<List<Goods>>(`${base(village, shop)}/stock`)

export const lots = (village: string, shop: string, goods: string) => get<{ items: Lot[] }>(`${base(village, shop)}/goods/${goods}/lots`)

/** What came in and went out on a day. */
export const daybook = (village: string, shop: string, day: string) => get<Daybook>(`${base(village, shop)}/daybook`, { from: day })

export const stocktakes = (village: string, shop: string) => get<List<Stocktake>>(`${base(village, shop)}/stocktakes`, { limit: 5 })

export const stocktake = (village: string, shop: string, id: string) => get<Stocktake>(`${base(village, shop)}/stocktakes/${id}`)

export const funds = (village: string) => get<FundsOverview>(`/villages/${village}/funds`)

/** What came into a fund and was paid out of it, newest first. */
export const fundMoves = (village: string, fund: string, cursor = '') => get<List<FundMove>>(`/villages/${village}/funds/${fund}/moves`, { cursor, limit: 30 })

/** What was bought and no fund has paid, newest first. */
export const unpaidLots = (village: string) => get<List<UnpaidLot>>(`/villages/${village}/unpaid-lots`, { limit: 100 })

/** What one goods has cost since when, newest first. */
export const pricesOf = (village: string, shop: string, goods: string) => get<{ items: Price[] }>(`${base(village, shop)}/goods/${goods}/prices`)

/** What was done to the stock of one goods, newest first. */
export const moves = (village: string, shop: string, goods: string, cursor = '') =>
  get<List<Move>>(`${base(village, shop)}/goods/${goods}/moves`, { cursor, limit: 30 })

/** The villages of a town or county and their sum. */
export const townFunds = (region: string) => get<TownFunds>(`/regions/${region}/funds`)

/** A partner store's month as it would be handed in now. */
export const previewStatement = (village: string, shop: string, month: string) => get<Statement>(`${base(village, shop)}/statements/preview`, { month })

export const shopStatements = (village: string, shop: string) => get<List<Statement>>(`${base(village, shop)}/statements`, { limit: 24 })

/** What partner stores handed to the village. */
export const statements = (village: string) => get<List<Statement>>(`/villages/${village}/statements`, { limit: 24 })

export const plan = (village: string, shop: string) => get<Plan>(`${base(village, shop)}/plan`)

/** Paths of the writes, which go through services/write. */
export const stockPaths = {
  goods: (village: string, shop: string, goods = '') => `${base(village, shop)}/goods${goods && '/'}${goods}`,
  price: (village: string, shop: string, goods: string) => `${base(village, shop)}/goods/${goods}/prices`,
  endOwnPrice: (village: string, shop: string, goods: string) => `${base(village, shop)}/goods/${goods}/own-price/end`,
  limits: (village: string, shop: string, goods: string) => `${base(village, shop)}/goods/${goods}/terms`,
  move: (village: string, shop: string, goods: string) => `${base(village, shop)}/goods/${goods}/moves`,
  transfer: (village: string, shop: string, goods: string) => `${base(village, shop)}/goods/${goods}/transfers`,
  undo: (village: string, shop: string, ref: string) => `${base(village, shop)}/moves/${ref}/undo`,
  statements: (village: string, shop: string) => `${base(village, shop)}/statements`,
  statementFile: (village: string, shop: string, id: string) => `${base(village, shop)}/statements/${id}/export`,
  decide: (village: string, id: string) => `/villages/${village}/statements/${id}/decision`,
  pay: (village: string, id: string) => `/villages/${village}/statements/${id}/payment`,
  undoPayment: (village: string, id: string) => `/villages/${village}/statements/${id}/payment/undo`,
  payLot: (village: string, shop: string, lot: string) => `${base(village, shop)}/lots/${lot}/payment`,
  undoMoney: (village: string, fund: string, move: string) => `/villages/${village}/funds/${fund}/moves/${move}/undo`,
  answerWish: (village: string, id: string) => `/villages/${village}/wishes/${id}/answer`,
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
