import { get, getFile, post } from '@/services/request'
import { writeNow } from '@/services/write'
import type { Agency, Gift, Goods, Household, Lease, LeaseGist, LeaseReturn, List, Officer, Redemption, Reservation, Shop, ShopTerms, Visit, Wish } from './types'

const base = (village: string) => `/villages/${village}`
const at = (village: string, shop: string) => `${base(village)}/shops/${shop}`
const home = (village: string, household: string) => `${base(village)}/households/${household}`

export const shops = (village: string) => get<{ items: Shop[] }>(`${base(village)}/shops`)

export const shopTerms = (village: string, shop: string) => get<ShopTerms>(`${at(village, shop)}/terms`)

export const goods = (village: string, shop: string) => get<List<Goods>>(`${at(village, shop)}/goods`)

/** Finds a household by its number, its name or the code of its card: a question, not a write. A code never stands in an address. */
export const lookup = (village: string, by: { number?: string; name?: string; code?: string }) =>
  post<{ items: Household[] }>(`${base(village)}/household-lookup`, by)

/** Who stands at the counter: by the code of a card or a phone, or as chosen. A code never stands in an address. */
export const beginVisit = (village: string, shop: string, who: { code?: string; household?: string; member?: string }) =>
  writeNow<Visit>(`${at(village, shop)}/visits`, who)

/** Checks the household's PIN. */
export const proveVisit = (village: string, shop: string, visit: string, pin: string) => writeNow<Visit>(`${at(village, shop)}/visits/${visit}/pin`, { pin })

export const redemption = (village: string, shop: string, id: string) => get<Redemption>(`${at(village, shop)}/redemptions/${id}`)

export const redemptions = (village: string, shop: string, day: string, cursor = '') =>
  get<List<Redemption>>(`${at(village, shop)}/redemptions`, { day, cursor })

/** What a household has redeemed, and who fetched it. */
export const ownRedemptions = (village: string, household: string, cursor = '') => get<List<Redemption>>(`${home(village, household)}/redemptions`, { cursor })

export const ownReservations = (village: string, household: string, cursor = '') => get<List<Reservation>>(`${home(village, household)}/reservations`, { cursor })

/** Reservations that wait at a shop; with a pick-up code only that one. */
export const waitingReservations = (village: string, shop: string, code = '', cursor = '') =>
  get<List<Reservation>>(`${at(village, shop)}/reservations`, { code, cursor })

export const lease = (village: string, shop: string, id: string) => get<Lease>(`${at(village, shop)}/leases/${id}`)

/** Who holds the village's leave to redeem without signal, and who held it before. */
export const leases = (village: string, cursor = '') => get<List<LeaseGist>>(`${base(village)}/leases`, { cursor, limit: 20 })

/** What was brought back and waits for somebody to decide. */
export const waitingReturns = (village: string) => get<List<LeaseReturn>>(`${base(village)}/lease-returns`, { state: 'waiting', limit: 50 })

/** What somebody fetched for another household in a month, for the monthly review. */
export const agencies = (village: string, month: string, cursor = '') => get<List<Agency>>(`${base(village)}/agent-redemptions`, { month, cursor, limit: 50 })

/** Who serves the village and may fetch for a household. */
export const officers = (village: string, shop: string) => get<{ items: Officer[] }>(`${at(village, shop)}/officers`)

export const wishes = (village: string) => get<{ items: Wish[] }>(`${base(village)}/wishes`)

export const gifts = (village: string, shop: string) => get<List<Gift>>(`${at(village, shop)}/thanks`, { limit: 20 })

/** A printed sheet of price tags, as a page. */
export const priceTags = (village: string, shop: string) => getFile(`${at(village, shop)}/price-tags`)

/** Paths of the writes, which go through services/write. */
export const marketPaths = {
  shops: (village: string) => `${base(village)}/shops`,
  shop: (village: string, shop: string) => at(village, shop),
  terms: (village: string, shop: string) => `${at(village, shop)}/terms`,
  redeem: (village: string, shop: string) => `${at(village, shop)}/redemptions`,
  cancel: (village: string, shop: string, id: string) => `${at(village, shop)}/redemptions/${id}/cancel`,
  phoneCode: (village: string, household: string) => `${home(village, household)}/phone-code`,
  reserve: (village: string, household: string) => `${home(village, household)}/reservations`,
  cancelReservation: (village: string, household: string, id: string) => `${home(village, household)}/reservations/${id}/cancel`,
  collect: (village: string, shop: string, id: string) => `${at(village, shop)}/reservations/${id}/collect`,
  leases: (village: string, shop: string) => `${at(village, shop)}/leases`,
  returns: (village: string, shop: string, lease: string) => `${at(village, shop)}/leases/${lease}/returns`,
  closeLease: (village: string, shop: string, lease: string) => `${at(village, shop)}/leases/${lease}/close`,
  settleReturn: (village: string, id: string) => `${base(village)}/lease-returns/${id}/settle`,
  reviewAgency: (village: string, redemption: string) => `${base(village)}/agent-redemptions/${redemption}/review`,
  wish: (village: string, household: string) => `${home(village, household)}/wishes`,
  withdrawWish: (village: string, household: string, id: string) => `${home(village, household)}/wishes/${id}/withdraw`,
}
