import { get } from '@/services/request'
import type { Case, Collector, Sample } from './types'

const base = (village: string) => `/villages/${village}`

/** Paths of the writes, which go through services/write. */
export const oversightPaths = {
  vote: (village: string, id: string) => `${base(village)}/cases/${id}/vote`,
  samples: (village: string) => `${base(village)}/samples`,
  finding: (village: string, sample: string, line: number) => `${base(village)}/samples/${sample}/lines/${line}/finding`,
}

/** Records on which this member of the panel is to vote, the oldest first. */
export const polls = (village: string) => get<{ items: Case[] }>(`${base(village)}/polls`)

/** What has been drawn to be looked at again, the newest month first. */
export const samples = (village: string) => get<{ items: Sample[] }>(`${base(village)}/samples`)

/** Who entered how much, of what was decided from one day to another, both inside. */
export const collectors = (village: string, from: string, to: string) => get<{ items: Collector[] }>(`${base(village)}/collectors`, { from, to })
