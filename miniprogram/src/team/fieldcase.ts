/** What an official answers, corrects or tells of, where there is a signal and where there is none. */
import { oneCase } from '@/api/cases'
import { tellings } from '@/api/oversight'
import type { Case, Item, Telling } from '@/api/types'
import { addDays, today } from '@/services/dates'
import { fieldKept, noSignal } from '@/services/fieldbook'
import { counted } from '@/services/items'

/** How far back a household is told of deductions. */
export const TELL_DAYS = 91

/**
 * A record as it is now, with each step; without signal what the list had of it, where that holds all there is to correct: the lines of a sheet
 * and how many there were are not in a list.
 */
export async function fieldCase(village: string, listed: Case, item?: Item): Promise<Case> {
  return oneCase(village, listed.id).catch((e) => {
    if (noSignal(e) && item && item.value.kind !== 'sheet' && !counted(item)) return listed
    throw e
  })
}

/** A record that was kept while there was a signal, for an answer without. */
export const keptCase = (village: string, id: string): Promise<Case> => fieldKept(`${village}.case.${id}`, () => oneCase(village, id))

/** Deductions of which a household has to be told face to face. */
export const keptTellings = (village: string): Promise<{ items: Telling[] }> =>
  fieldKept(`${village}.tellings`, () => tellings(village, addDays(today(), -TELL_DAYS), today()))
