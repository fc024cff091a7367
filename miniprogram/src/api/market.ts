import { get, post } from '@/services/request'
import type { Counter, Goods, List, Redemption, Shop } from './types'

const base = (village: string) => `/villages/${village}`

export const shops = (village: string) => get<{ items: Shop[] }>(`${base(village)}/shops`)

export const goods = (village: string, shop: string) => get<List<Goods>>(`${base(village)}/shops/${shop}/goods`)

/** Finds a household by the code of its card, its number or its name. A code never stands in an address. */
export const lookup = (village: string, by: { code?: string; number?: string; name?: string }) =>
  post<{ items: Counter[] }>(`${base(village)}/household-lookup`, by)

export const redemption = (village: string, shop: string, id: string) =>
  get<Redemption>(`${base(village)}/shops/${shop}/redemptions/${id}`)

export const redemptions = (village: string, shop: string, day: string, cursor = '') =>
  get<List<Redemption>>(`${base(village)}/shops/${shop}/redemptions`, { day, cursor })

/** Paths of the writes, which go through services/write. */
export const marketPaths = {
  redeem: (village: string, shop: string) => `${base(village)}/shops/${shop}/redemptions`,
  cancel: (village: string, shop: string, id: string) => `${base(village)}/shops/${shop}/redemptions/${id}/cancel`,
}
