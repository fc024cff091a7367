import { get, post } from '@/services/request'
import type { Asked, Case, Fault, Inspection, List, NewCase } from './types'

const base = (village: string) => `/villages/${village}`

/**
 * Decides without keeping anything: what would come of it, and why. Refused with a field for each household that
 * cannot be recorded.
 */
export const preview = (village: string, draft: NewCase) =>
  post<{ items: Case[] }>(`${base(village)}/cases/preview`, draft)

export const cases = (village: string, filter: { state?: string; mine?: string; household?: string; cursor?: string; limit?: number }) =>
  get<List<Case>>(`${base(village)}/cases`, filter)

/** One record with each step, its photos and the word of other households. */
export const oneCase = (village: string, id: string) => get<Case>(`${base(village)}/cases/${id}`)

/** What a household is asked to confirm. */
export const asked = (village: string, household: string) =>
  get<{ items: Asked[] }>(`${base(village)}/households/${household}/confirmations`)

/** Inspections in a state, without their lines. */
export const inspections = (village: string, state: 'submitted' | 'draft') => get<List<Inspection>>(`${base(village)}/inspections`, { state, limit: 20 })

/** One inspection with each household's line. */
export const inspection = (village: string, id: string) => get<Inspection>(`${base(village)}/inspections/${id}`)

/** What was found wrong and has not been put right. */
export const faults = (village: string) => get<{ items: Fault[] }>(`${base(village)}/faults`)

/** Paths of the writes, which go through services/write. */
export const casePaths = {
  record: (village: string) => `${base(village)}/cases`,
  act: (village: string, id: string, verb: 'approve' | 'reject' | 'withdraw' | 'confirm') => `${base(village)}/cases/${id}/${verb}`,
  inspections: (village: string) => `${base(village)}/inspections`,
  lines: (village: string, id: string) => `${base(village)}/inspections/${id}/lines`,
  inspection: (village: string, id: string, verb: 'decide' | 'return') => `${base(village)}/inspections/${id}/${verb}`,
}
