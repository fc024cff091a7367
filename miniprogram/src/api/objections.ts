import { get } from '@/services/request'
import type { Objection } from './types'

const base = (village: string, household: string) => `/villages/${village}/households/${household}`

export const objectionPaths = {
  object: (village: string, household: string, id: string) => `${base(village, household)}/cases/${id}/objections`,
  withdraw: (village: string, household: string, id: string) => `${base(village, household)}/objections/${id}/withdraw`,
}

/** What the household has objected to, with the answers. */
export const objections = (village: string, household: string) => get<{ items: Objection[] }>(`${base(village, household)}/objections`)
