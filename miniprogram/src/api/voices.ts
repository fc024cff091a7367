import { get } from '@/services/request'
import type { Content, List, Voice } from './types'

const base = (village: string) => `/villages/${village}/voices`

/** Paths of the writes, which go through services/write. */
export const voicePaths = {
  speak: (village: string, household: string) => `/villages/${village}/households/${household}/voices`,
  answer: (village: string, id: string) => `${base(village)}/${id}/answer`,
  rate: (village: string, id: string) => `${base(village)}/${id}/rate`,
  withdraw: (village: string, id: string) => `${base(village)}/${id}/withdraw`,
  judge: (village: string, id: string) => `/villages/${village}/content-reviews/${id}`,
}

/** Complaints and suggestions: one's own, those the village may read, or all for who answers. */
export const voices = (village: string, filter: { of: 'mine' | 'shown' | 'all'; state?: string; cursor: string }) => get<List<Voice>>(base(village), { ...filter, limit: 20 })

/** What has come up to a town or county: overdue, answered badly, or said to it directly. */
export const raisedVoices = (region: string, state: string, cursor: string) => get<List<Voice>>(`/regions/${region}/voices`, { state, cursor, limit: 20 })

/** What the content check leaves to a person. */
export const contents = (village: string, cursor: string) => get<List<Content>>(`/villages/${village}/content-reviews`, { cursor, limit: 20 })
