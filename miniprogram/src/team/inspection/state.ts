/**
 * A group gone through household by household. Pure: the page shows it and saves it. Every household starts with the
 * default grade, a tap gives another, the last taps can be taken back, and what has not been saved yet is known.
 */
import { ref } from 'vue'
import type { Household, Item } from '@/api/types'

/** The item chosen for the next inspection; set by the page of items. */
export const inspected = ref<Item>()

export interface Line {
  household_id: string
  household_name: string
  number: string
  grade: string
}

export interface Sheet {
  lines: Line[]
  /** Changes in order, to be taken back one by one. */
  history: { household_id: string; before: string }[]
  /** Households whose grade the server does not have yet. */
  unsaved: string[]
}

/** A fresh list: all households with the default grade, nothing saved. */
export function newSheet(households: Household[], grade: string): Sheet {
  return {
    lines: households.map((h) => ({ household_id: h.id, household_name: h.name, number: h.number, grade })),
    history: [],
    unsaved: households.map((h) => h.id),
  }
}

/** A list as the server has it: all saved. */
export function savedSheet(lines: Line[]): Sheet {
  return { lines: lines.map((l) => ({ ...l })), history: [], unsaved: [] }
}

export function setGrade(sheet: Sheet, household: string, grade: string): Sheet {
  const line = sheet.lines.find((l) => l.household_id === household)
  if (!line || line.grade === grade) return sheet
  return {
    lines: sheet.lines.map((l) => (l === line ? { ...l, grade } : l)),
    history: [...sheet.history, { household_id: household, before: line.grade }],
    unsaved: withOne(sheet.unsaved, household),
  }
}

/** Takes back the last change. */
export function undo(sheet: Sheet): Sheet {
  const last = sheet.history[sheet.history.length - 1]
  if (!last) return sheet
  return {
    lines: sheet.lines.map((l) => (l.household_id === last.household_id ? { ...l, grade: last.before } : l)),
    history: sheet.history.slice(0, -1),
    unsaved: withOne(sheet.unsaved, last.household_id),
  }
}

/** Lines still to be saved. */
export function unsavedLines(sheet: Sheet): Line[] {
  return sheet.lines.filter((l) => sheet.unsaved.includes(l.household_id))
}

/** After the server took these lines: what was changed meanwhile stays unsaved. */
export function markSaved(sheet: Sheet, saved: Line[]): Sheet {
  const done = (id: string) => {
    const line = sheet.lines.find((l) => l.household_id === id)
    return saved.some((s) => s.household_id === id && s.grade === line?.grade)
  }
  return { ...sheet, unsaved: sheet.unsaved.filter((id) => !done(id)) }
}

/** How many households have each grade, in the order of the item's grades. */
export function countGrades(sheet: Sheet, item: Item): { name: string; count: number }[] {
  return (item.value.grades ?? []).map((g) => ({
    name: g.name,
    count: sheet.lines.filter((l) => l.grade === g.code).length,
  }))
}

function withOne(all: string[], one: string): string[] {
  return all.includes(one) ? all : [...all, one]
}
