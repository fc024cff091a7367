import { get } from '@/services/request'
import type { OwnAwards } from './types'

const base = (village: string, household: string) => `/villages/${village}/households/${household}/awards`

/** What the household won or did not win, why, and its prizes. */
export const ownAwards = (village: string, household: string) => get<OwnAwards>(base(village, household))

export const awardObjection = (village: string, household: string, award: string) => `${base(village, household)}/${award}/objections`
