import { randomId } from '@/services/random'
import { get, getFile, postFile } from '@/services/request'
import { writeNow } from '@/services/write'
import type { Binding, Entry, Group, HouseLink, Household, HouseholdDetail, List, Outlook, Passbook, Persona, Scheme, Term } from './types'

/** Requests to be taken as a member of a household that wait for somebody of the village. */
export const bindings = (village: string, cursor = '') =>
  get<{ items: Binding[]; next_cursor?: string }>(`/villages/${village}/bindings`, { state: 'pending', cursor, limit: 50 })

/** Path of the two answers to such a request. */
export const bindingPath = (village: string, id: string, verb: 'confirm' | 'refuse') =>
  `/villages/${village}/bindings/${id}/${verb}`

/** Who holds which role in the village, now or later. */
export const villageTerms = (village: string) => get<{ items: Term[] }>(`/villages/${village}/roles`)

/** Makes somebody keeper of a shop. The phone number is not kept on the device. */
export const appointKeeper = (village: string, who: { shop_id: string; phone: string; name: string; to_day?: string }) =>
  writeNow<Term>(`/villages/${village}/roles`, { role: 'keeper', ...who })

export const endTerm = (village: string, term: string) => writeNow<Term>(`/villages/${village}/roles/${term}/end`, {})

export const personas = () => get<{ items: Persona[] }>('/demo/personas')

export const groups = (village: string) => get<{ items: Group[] }>(`/villages/${village}/groups`)

export interface HouseholdFilter {
  /** name, first letters of its pinyin, or number */
  q?: string
  group?: string
  cursor?: string
  limit?: number
}

export const households = (village: string, filter: HouseholdFilter) =>
  get<List<Household>>(`/villages/${village}/households`, { ...filter })

/** A household with its people. */
export const household = (village: string, id: string) =>
  get<HouseholdDetail>(`/villages/${village}/households/${id}`)

/** Other rules on the village's own records; nothing is written, so it is asked without a request id. */
export const trialPath = (village: string) => `/villages/${village}/scheme/preview`

export const scheme = (village: string) => get<Scheme>(`/villages/${village}/scheme`)

export const passbook = (village: string, household: string) =>
  get<Passbook>(`/villages/${village}/households/${household}/passbook`)

export const entries = (village: string, household: string, cursor: string) =>
  get<List<Entry>>(`/villages/${village}/households/${household}/entries`, { cursor, limit: 20 })

/** What one more of each deed would count for this household today, with what is left of its limits. */
export const outlook = (village: string, household: string) =>
  get<{ items: Outlook[] }>(`/villages/${village}/households/${household}/outlook`)

/** Bodies with an account of their own: a volunteers' team, a fire brigade. */
export const teams = (village: string) => get<{ items: { id: string; name: string }[] }>(`/villages/${village}/teams`)

/** Who answers for which household. */
export const links = (village: string) => get<{ items: HouseLink[] }>(`/villages/${village}/links`)
export const linkPaths = {
  add: (village: string) => `/villages/${village}/links`,
  end: (village: string) => `/villages/${village}/links/end`,
  teams: (village: string) => `/villages/${village}/teams`,
}

/** New cards for households as an A4 page; their old cards are dead at once. */
export const householdCards = async (village: string, households: string[]) =>
  postFile(`/villages/${village}/household-cards`, { request_id: await randomId(), households })

/** A page of a household's passbook to print. */
export const passbookSheet = (village: string, household: string) => getFile(`/villages/${village}/households/${household}/passbook/page`)
