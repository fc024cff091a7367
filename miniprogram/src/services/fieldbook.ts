/**
 * What a team member needs of the village where there is no signal: the rules, the groups, and the households by name and
 * number. It is fetched when the workbench opens, kept apart by village, and wiped when the person leaves the device or the
 * office.
 */
import type { components } from '@/api/schema'
import { groups, scheme } from '@/api/village'
import type { Group, Scheme } from '@/api/types'
import { cupboard } from './kept'
import { ApiError, get } from './request'

export { noSignal } from './kept'

export type FieldHousehold = components['schemas']['VillageFieldHousehold']

/** A key of the mini-program's storage holds 1 MB. */
const HOUSEHOLDS_A_KEY = 800
const FRESH_MS = 3 * 3600_000
const MAX_CASES = 20

const field = cupboard('hefen.field.')

export const fieldScheme = (village: string): Promise<Scheme> => field.orKept(`${village}.scheme`, () => scheme(village))
export const fieldGroups = (village: string): Promise<{ items: Group[] }> => field.orKept(`${village}.groups`, () => groups(village))

/** Anything else of a village that should be there without signal; name begins with the village. */
export const fieldKept = <T>(name: string, fetch: () => Promise<T>): Promise<T> => field.orKept(name, fetch)

/** Records that are to be answered one by one: keeps those, some of them, and forgets the others. Fails silently: it is for later. */
export async function freshenCases(village: string, ids: string[], fetch: (id: string) => Promise<unknown>): Promise<void> {
  const wanted = [...new Set(ids)].slice(0, MAX_CASES)
  const names = new Set(wanted.map((id) => `${village}.case.${id}`))
  for (const name of field.names()) if (name.startsWith(`${village}.case.`) && !names.has(name)) field.wipe(name)
  try {
    for (const id of wanted) if (!field.read(`${village}.case.${id}`)) await fetch(id)
  } catch (e) {
    if (!(e instanceof ApiError)) throw e
  }
}

/** Fetches what is old; called where there is probably a signal. lists are those of this person's work. Fails silently: it is for later. */
export async function freshenField(village: string, lists: (() => Promise<unknown>)[] = []): Promise<void> {
  keepPages()
  if (!village || Date.now() - (field.read(`${village}.book.0`)?.at ?? 0) < FRESH_MS) return
  try {
    await Promise.all([fieldScheme(village), fieldGroups(village)])
    for (const fetch of lists) await fetch()
    const { households } = await get<{ households: FieldHousehold[] }>(`/villages/${village}/fieldbook`)
    field.wipe(`${village}.book.`)
    for (let n = 0; n === 0 || n * HOUSEHOLDS_A_KEY < households.length; n++) {
      field.keep(`${village}.book.${n}`, households.slice(n * HOUSEHOLDS_A_KEY, (n + 1) * HOUSEHOLDS_A_KEY))
    }
  } catch (e) {
    if (!(e instanceof ApiError)) throw e
  }
}

/** In a browser the pages themselves are kept too, where it allows that; the mini-program lies on the phone anyway. */
function keepPages(): void {
  // #ifdef H5
  if (import.meta.env.PROD && globalThis.isSecureContext) void navigator.serviceWorker?.register('/sw.js').catch(() => undefined)
  // #endif
}

/** The households that are kept of a village; empty when none were fetched. */
export function keptHouseholds(village: string): FieldHousehold[] {
  const all: FieldHousehold[] = []
  for (let n = 0; ; n++) {
    const part = field.read<FieldHousehold[]>(`${village}.book.${n}`)
    if (!part) return all
    all.push(...part.value)
  }
}

/** Those that a person means: by the beginning of the number, name or initials, or the name of one of its people. */
export function findKept(all: FieldHousehold[], query: string, group: string): FieldHousehold[] {
  const q = query.trim().toLowerCase()
  return all.filter((h) => {
    if (group && h.group_id !== group) return false
    const names = [h.number, h.name, h.initials ?? '', ...(h.people ?? []).map((p) => p.name)]
    return !q || names.some((n) => n.toLowerCase().startsWith(q))
  })
}

/** Forgets the people of a village, or of all, on this device. */
export function wipeField(village = ''): void {
  field.wipe(village ? `${village}.` : '')
}

/** Villages of which something is kept. */
export function keptVillages(): string[] {
  return [...new Set(field.names().map((name) => name.split('.')[0] ?? ''))].filter(Boolean)
}
