/**
 * The server's types under the names the pages use. They are generated from api/openapi.json (npm run types); ids are
 * decimal text, amounts whole hundredths of a point, days "2026-11-21", instants milliseconds.
 */
import type { components } from './schema'

type Schemas = components['schemas']

export interface List<T> { items: T[]; next?: string }

export type Group = Schemas['VillageRegion']
export type Household = Schemas['VillageHousehold']
export type HouseholdDetail = Schemas['VillageDetail']
export type Person = Schemas['VillageMember']

export type Me = Schemas['AccessMe']
export type Role = Schemas['AccessMyRole']
export type Membership = Schemas['AccessMembership']
export type Persona = Schemas['AccessPersona']
export type Binding = Schemas['AccessBinding']

export interface Grade { code: string; name: string; points: number }
export interface Step { up_to?: number; points: number }
export interface Value { kind: string; points?: number; from?: number; to?: number; grades?: Grade[]; unit?: string; steps?: Step[] }
export interface Words { class: string; value: string; caps: string; evidence: string; review: string }
export interface Item {
  code: string; name: string; class: string; hint?: string; value: Value
  review: { levels: number; direct: boolean }; warn_first?: object; words: Words
}
export interface Scheme {
  title: string; subject: string; classes: { code: string; name: string }[]; items: Item[]
  records: { withdraw_minutes: number; backdate_days: number }
}

export interface Wallet { code: string; name: string; kind: string; available: number; pending: number; held: number }
export interface Entry {
  id: string; kind: string; kind_name: string; title: string; amount: number; balance_after: number
  bucket: string; occurred_on: string; created_at: number; reasons: string[]
}
export interface Passbook {
  household: Household; wallets: Wallet[]; spendable: number; year_score: number; month_score: number
  rank: number; of: number; barred: string; entries: Entry[]
}

export interface NewCase {
  item: string; subjects: string[]; occurred_on: string; points?: number; grade?: string; quantity?: number; note?: string
}
export interface Case {
  id: string; state: string; state_name: string; item: string; item_name: string; household: string; household_name: string
  number: string; member_name?: string; occurred_on: string; value: number; points: number; warned: boolean; grade_name?: string; note?: string; reasons: string[]
  author_name?: string; created_at: number; withdraw_until?: number; can_review: boolean; can_withdraw: boolean
}
export interface InspectionLine { household: string; name: string; number: string; rev: number; seen: boolean; grade?: string }
export interface Inspection { id: string; item: string; item_name: string; group?: string; state: string; can_fill: boolean; lines?: InspectionLine[] }
export interface Report { state: string; state_name: string; rows: { household: string; name: string; number: string; points: string; reasons: string[] }[] }

export interface Goods { id: string; name: string; unit: string; price: number; stock: number; state: string; note: string }
export interface Shop { id: string; name: string; state: string; state_name: string; hours: string; address: string }
export interface Counter { household: Household; spendable: number; barred: string }
export interface RedemptionLine { goods: string; name: string; unit: string; qty: number; price: number; amount: number }
export interface Redemption {
  id: string; number: string; household: string; household_name: string; household_number: string; lines: RedemptionLine[]
  total: number; balance_after: number; state: string; state_name: string; created_at: number; keeper_name: string; can_cancel: boolean
}

export type BoardRow = Schemas['BoardRow']
export type Board = Schemas['BoardPage']
