/**
 * A group gone through household by household. Pure: the page shows it and saves it. Every household starts with the
 * default grade, a tap gives another, the last taps can be taken back, and what has not been saved yet is known.
 */
import { ref } from 'vue'
import type { InspectionLine, Item } from '@/api/types'

/** The item chosen for the next inspection; set by the page of items. */
export const inspected = ref<Item>()

export interface Sheet {
  lines: InspectionLine[]
  /** Changes in order, to be taken back one by one. */
  history: { household: string; before: string }[]
  /** Households whose grade the server does not have yet. */
  unsaved: string[]
}

/** The server's list with the usual grade given to all who have none yet; what was given here is not saved yet. */
export function openSheet(lines: InspectionLine[], usual: string): Sheet {
  return {
    lines: lines.map((l) => (l.seen ? { ...l } : { ...l, grade: usual, seen: true, rev: l.rev + 1 })),
    history: [],
    unsaved: lines.filter((l) => !l.seen).map((l) => l.household),
  }
}

export function setGrade(sheet: Sheet, household: string, grade: string): Sheet {
  const line = sheet.lines.find((l) => l.household === household)
  if (!line || line.grade === grade) return sheet
  const history = [...sheet.history, { household, before: line.grade ?? '' }]
  return { ...regraded(sheet, household, grade), history }
}

/** Takes back the last change. */
export function undo(sheet: Sheet): Sheet {
  const last = sheet.history[sheet.history.length - 1]
  if (!last) return sheet
  return { ...regraded(sheet, last.household, last.before), history: sheet.history.slice(0, -1) }
}

/** Lines still to be saved. */
export function unsavedLines(sheet: Sheet): InspectionLine[] {
  return sheet.lines.filter((l) => sheet.unsaved.includes(l.household))
}

/** After the server took these lines: what was changed meanwhile stays unsaved. */
export function markSaved(sheet: Sheet, saved: InspectionLine[]): Sheet {
  const current = new Map(sheet.lines.map((l) => [l.household, l.rev]))
  const done = new Set(saved.filter((l) => current.get(l.household) === l.rev).map((l) => l.household))
  return { ...sheet, unsaved: sheet.unsaved.filter((household) => !done.has(household)) }
}

/** How many households have each grade, in the order of the item's grades. */
export function countGrades(sheet: Sheet, item: Item): { name: string; count: number }[] {
  return (item.value.grades ?? []).map((g) => ({
    name: g.name,
    count: sheet.lines.filter((l) => l.grade === g.code).length,
  }))
}

/** One line changed: its revision rises, so that the server keeps the latest however requests arrive. */
function regraded(sheet: Sheet, household: string, grade: string): Sheet {
  return {
    ...sheet,
    lines: sheet.lines.map((l) => (l.household === household ? { ...l, grade, seen: true, rev: l.rev + 1 } : l)),
    unsaved: sheet.unsaved.includes(household) ? sheet.unsaved : [...sheet.unsaved, household],
  }
}
