import { get, post } from '@/services/request'
import type { Case, Inspection, List, NewCase } from './types'

const base = (village: string) => `/villages/${village}`

/**
 * Decides without keeping anything: what would come of it, and why. Refused with a field for each household that
 * cannot be recorded.
 */
export const preview = (village: string, draft: NewCase) =>
  post<{ items: Case[] }>(`${base(village)}/cases/preview`, draft)

export const cases = (village: string, filter: { state?: string; mine?: string; cursor?: string; limit?: number }) =>
  get<List<Case>>(`${base(village)}/cases`, filter)

export const inspection = (village: string, id: string) => get<Inspection>(`${base(village)}/inspections/${id}`)

/** Paths of the writes, which go through services/write. */
export const casePaths = {
  record: (village: string) => `${base(village)}/cases`,
  act: (village: string, id: string, verb: 'approve' | 'reject' | 'withdraw') => `${base(village)}/cases/${id}/${verb}`,
  inspections: (village: string) => `${base(village)}/inspections`,
  lines: (village: string, id: string) => `${base(village)}/inspections/${id}/lines`,
  decide: (village: string, id: string) => `${base(village)}/inspections/${id}/decide`,
}
