import { get, post } from '@/services/request'
import type { Counter, Goods, Household, List, Redemption, Shop } from './types'

const base = (village: string) => `/villages/${village}`

export const shops = (village: string) => get<{ items: Shop[] }>(`${base(village)}/shops`)

export const goods = (village: string, shop: string) => get<List<Goods>>(`${base(village)}/shops/${shop}/goods`)

/** Finds a household by the code of its card, its number or its name. A code never stands in an address. */
export const lookup = (village: string, by: { code?: string; number?: string; name?: string }) =>
  post<{ items: Household[] }>(`${base(village)}/household-lookup`, by)

/** What a household, or a person where persons are scored, can spend at the counter today, or why nothing. */
export const counter = (village: string, shop: string, payer: { household?: string; member?: string }) =>
  get<Counter>(`${base(village)}/shops/${shop}/counter`, payer)

export const redemption = (village: string, shop: string, id: string) =>
  get<Redemption>(`${base(village)}/shops/${shop}/redemptions/${id}`)

export const redemptions = (village: string, shop: string, day: string, cursor = '') =>
  get<List<Redemption>>(`${base(village)}/shops/${shop}/redemptions`, { day, cursor })

/** Paths of the writes, which go through services/write. */
export const marketPaths = {
  redeem: (village: string, shop: string) => `${base(village)}/shops/${shop}/redemptions`,
  cancel: (village: string, shop: string, id: string) => `${base(village)}/shops/${shop}/redemptions/${id}/cancel`,
}
