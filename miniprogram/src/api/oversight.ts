import { get, getFile } from '@/services/request'
import type { Case, Collector, Sample, Telling } from './types'

const base = (village: string) => `/villages/${village}`

/** Paths of the writes, which go through services/write. */
export const oversightPaths = {
  vote: (village: string, id: string) => `${base(village)}/cases/${id}/vote`,
  samples: (village: string) => `${base(village)}/samples`,
  tellings: (village: string) => `${base(village)}/tellings`,
  finding: (village: string, sample: string, line: number) => `${base(village)}/samples/${sample}/lines/${line}/finding`,
}

/** Records on which this member of the panel is to vote, the oldest first. */
export const polls = (village: string) => get<{ items: Case[] }>(`${base(village)}/polls`)

/** What has been drawn to be looked at again, the newest month first. */
export const samples = (village: string) => get<{ items: Sample[] }>(`${base(village)}/samples`)

/** Who entered how much, of what was decided from one day to another, both inside. */
export const collectors = (village: string, from: string, to: string) => get<{ items: Collector[] }>(`${base(village)}/collectors`, { from, to })

/** Deductions of households of which nobody looks at a phone, decided from one day to another, both inside. */
export const tellings = (village: string, from: string, to: string) => get<{ items: Telling[] }>(`${base(village)}/tellings`, { from, to })

/** The slips of those not told yet, as a page to print. */
export const tellingSlips = (village: string, from: string, to: string) => getFile(`${base(village)}/tellings/page?from=${from}&to=${to}`)
