import { get } from '@/services/request'
import type { AwardObjection, AwardRounds, List, Outcome, OwnSpans, Prize, SeasonLook, SeasonRuns } from './types'

const base = (village: string) => `/villages/${village}`
const award = (village: string, id: string) => `${base(village)}/awards/${id}`

/** Award rounds of a year, as the rules have them, and how far each has come. */
export const awardRounds = (village: string, year: string) => get<AwardRounds>(`${base(village)}/award-rounds`, { year })

/** What a round would say of everybody today. */
export const previewAward = (village: string, code: string, span: string, cursor: string) =>
  get<Outcome>(`${base(village)}/award-rounds/${code}/preview`, { span, cursor, limit: 50 })

/** The list as it was published. */
export const awardPlaces = (village: string, id: string, cursor: string) => get<Outcome>(award(village, id), { cursor, limit: 50 })

export const awardObjections = (village: string, id: string, cursor: string) => get<List<AwardObjection>>(`${award(village, id)}/objections`, { cursor, limit: 50 })

export const prizes = (village: string, id: string, state: string, cursor: string) =>
  get<List<Prize>>(`${award(village, id)}/prizes`, { state: state || undefined, cursor, limit: 50 })

/** Periods that were ended, and how far. */
export const seasons = (village: string) => get<SeasonRuns>(`${base(village)}/seasons`)

/** Stretches of the periods that the village's rules name themselves, the latest first. */
export const ownSpans = (village: string) => get<OwnSpans>(`${base(village)}/own-spans`)

/** What is not settled before a span is closed, and what closing it would do. */
export const lookAtSeason = (village: string, span: string) => get<SeasonLook>(`${base(village)}/seasons/${span}`)

/** Paths of the writes, which go through services/write. */
export const seasonPaths = {
  publish: (village: string) => `${base(village)}/awards`,
  step: (village: string, id: string, step: 'withdraw' | 'freeze' | 'draw' | 'issue') => `${award(village, id)}/${step}`,
  answer: (village: string, id: string, objection: string) => `${award(village, id)}/objections/${objection}/answer`,
  collect: (village: string, id: string, prize: string) => `${award(village, id)}/prizes/${prize}/collect`,
  undo: (village: string, id: string, prize: string) => `${award(village, id)}/prizes/${prize}/undo`,
  end: (village: string, step: 'stop' | 'close') => `${base(village)}/seasons/${step}`,
}

/** Path of the certificates, one on a sheet, for services/files. */
export const certificatesPath = (village: string, id: string) => `${award(village, id)}/certificates/pdf`
