import { get, post } from '@/services/request'
import type { Counter, Goods, List, Redemption, Shop } from './types'

const base = (village: string) => `/villages/${village}`

export const shops = (village: string) => get<{ items: Shop[] }>(`${base(village)}/shops`)

export const goods = (village: string, shop: string) => get<List<Goods>>(`${base(village)}/shops/${shop}/goods`)

/** Finds a household by the code of its card, its number or its name. A code never stands in an address. */
export const lookup = (village: string, by: { code?: string; number?: string; name?: string }) =>
  post<{ items: Counter[] }>(`${base(village)}/household-lookup`, by)

export const redemption = (village: string, id: string) => get<Redemption>(`${base(village)}/redemptions/${id}`)

export const redemptions = (village: string, shop: string, day: string, cursor = '') =>
  get<List<Redemption>>(`${base(village)}/redemptions`, { shop, day, cursor })

/** Paths of the writes, which go through services/write. */
export const marketPaths = {
  redeem: (village: string) => `${base(village)}/redemptions`,
  cancel: (village: string, id: string) => `${base(village)}/redemptions/${id}/cancel`,
}
