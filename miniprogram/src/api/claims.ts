import { get, post } from '@/services/request'
import type { Case, List, Neighbour } from './types'

const base = (village: string, household: string) => `/villages/${village}/households/${household}`

/** Paths of the writes, which go through services/write. */
export const claimPaths = {
  claim: (village: string, household: string) => `${base(village, household)}/claims`,
  report: (village: string, household: string) => `${base(village, household)}/reports`,
  withdraw: (village: string, household: string, id: string) => `${base(village, household)}/claims/${id}/withdraw`,
}

/** What this person has entered, claims and reports, the newest first. */
export const myClaims = (village: string, cursor: string) => get<List<Case>>(`/villages/${village}/cases`, { mine: 'true', cursor, limit: 20 })

/** Another household by the number on its door; its name comes masked. */
export const neighbour = (village: string, number: string) => post<Neighbour>(`/villages/${village}/neighbour`, { number })
