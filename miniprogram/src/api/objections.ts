import { get } from '@/services/request'
import type { List, Objection } from './types'

const base = (village: string, household: string) => `/villages/${village}/households/${household}`

export const objectionPaths = {
  object: (village: string, household: string, id: string) => `${base(village, household)}/cases/${id}/objections`,
  withdraw: (village: string, household: string, id: string) => `${base(village, household)}/objections/${id}/withdraw`,
  note: (village: string, id: string) => `/villages/${village}/cases/${id}/objections`,
  settle: (village: string, id: string) => `/villages/${village}/objections/${id}/settle`,
}

/** What the household has objected to, with the answers. */
export const objections = (village: string, household: string) => get<{ items: Objection[] }>(`${base(village, household)}/objections`)

/** Those of the village, the newest first: the open ones or all. */
export const villageObjections = (village: string, open: boolean, cursor: string) => get<List<Objection>>(`/villages/${village}/objections`, { ...(open ? { open: 'true' } : {}), cursor })

/** Those that the villages of a town or county have not settled in time. */
export const raisedObjections = (region: string, cursor: string) => get<List<Objection>>(`/regions/${region}/objections`, { cursor })
