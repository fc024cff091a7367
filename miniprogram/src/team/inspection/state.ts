/**
 * A group gone through household by household. Pure: the page shows it, keeps it on the device at each tap, and makes drafts
 * of it at the end. Every household starts with the usual grade, a tap gives another, the last taps can be taken back.
 */
import type { Inspection, Item } from '@/api/types'
import type { NewDraft } from '@/services/drafts'
import type { Proof } from '../draft'

/** A grade to tap: its name and what it is worth, together and apart. */
export interface GradeChoice {
  value: string
  name: string
  word: string
  points: string
}

export interface SheetLine {
  household: string
  number: string
  name: string
  grade: string
  proofs: Proof[]
  /** Photos that the server has of it already. */
  sent?: number
}

export interface Sheet {
  /** request_id of the inspection; those of its other drafts begin with it. */
  request: string
  /** The server's id, where an earlier sending has made the inspection already. */
  made: string
  /** Rises when a refused inspection is mended and sent again. */
  rev: number
  item: Item
  group: string
  groupName: string
  day: string
  lines: SheetLine[]
  /** Changes in order, to be taken back one by one. */
  history: { household: string; before: string }[]
}

/** Everything but the lines. */
export type SheetHead = Omit<Sheet, 'lines' | 'history' | 'made' | 'rev'>

export function openSheet(head: SheetHead, households: { id: string; number: string; name: string }[], usual: string): Sheet {
  const lines = households.map((h) => ({ household: h.id, number: h.number, name: h.name, grade: usual, proofs: [] }))
  return { ...head, made: '', rev: 1, lines, history: [] }
}

/** An inspection that was given back, as the server has it; its photos stay there. */
export function returnedSheet(one: Inspection, item: Item, groupName: string, request: string): Sheet {
  const usual = item.value.grades?.[0]?.code ?? ''
  const lines = (one.lines ?? []).map((l) => ({ household: l.household, number: l.number, name: l.name, grade: l.grade || usual, proofs: [], sent: (one.photos ?? []).filter((p) => p.part === l.household).length }))
  const rev = Math.max(0, ...(one.lines ?? []).map((l) => l.rev)) + 1
  return { request, item, group: one.group ?? '', groupName, day: one.occurred_on, made: one.id, rev, lines, history: [] }
}

export function setGrade(sheet: Sheet, household: string, grade: string): Sheet {
  const line = sheet.lines.find((l) => l.household === household)
  if (!line || line.grade === grade) return sheet
  return { ...changed(sheet, household, { grade }), history: [...sheet.history, { household, before: line.grade }] }
}

/** Takes back the last change of a grade. */
export function undo(sheet: Sheet): Sheet {
  const last = sheet.history[sheet.history.length - 1]
  if (!last) return sheet
  return { ...changed(sheet, last.household, { grade: last.before }), history: sheet.history.slice(0, -1) }
}

export function setProofs(sheet: Sheet, household: string, proofs: Proof[]): Sheet {
  return changed(sheet, household, { proofs })
}

function changed(sheet: Sheet, household: string, change: Partial<SheetLine>): Sheet {
  return { ...sheet, lines: sheet.lines.map((l) => (l.household === household ? { ...l, ...change } : l)) }
}

/** Lines in whose name or number the query occurs; all when it is empty. */
export function linesOf(sheet: Sheet, query: string): SheetLine[] {
  const text = query.trim()
  return text ? sheet.lines.filter((l) => l.name.includes(text) || l.number.includes(text)) : sheet.lines
}

/** How many households have each grade, in the order of the item's grades. */
export function countGrades(sheet: Sheet): { name: string; count: number }[] {
  return (sheet.item.value.grades ?? []).map((g) => ({ name: g.name, count: sheet.lines.filter((l) => l.grade === g.code).length }))
}

/** Households whose grade gives or takes points and that lack the photo which the item asks for. */
export function lackingPhoto(sheet: Sheet): SheetLine[] {
  const wanted = sheet.item.evidence ?? []
  if (!wanted.includes('photo') || (wanted.includes('none') && !sheet.item.evidence_all)) return []
  const worth = new Map((sheet.item.value.grades ?? []).map((g) => [g.code, g.points]))
  return sheet.lines.filter((l) => l.proofs.length === 0 && !l.sent && (worth.get(l.grade) ?? 0) !== 0)
}

/** What becomes of a sheet when all is seen: drafts under ids that stay the same when it is done again, so that nothing doubles. */
export function draftsOfSheet(sheet: Sheet, village: string, user: string, today: string): { id: string; draft: NewDraft }[] {
  const label = `${sheet.groupName}${sheet.item.name}，${sheet.lines.length} 户`
  const common = { village, user, form: JSON.parse(JSON.stringify(sheet)) as object }
  const about = sheet.made ? {} : { of: sheet.request }
  const target = sheet.made ? { target: sheet.made } : {}
  const lines = sheet.lines.map((l) => ({ household: l.household, rev: sheet.rev, seen: true, grade: l.grade }))
  const whole = { request_id: sheet.request, item: sheet.item.code, ...(sheet.group ? { group: sheet.group } : {}), ...(sheet.day === today ? {} : { occurred_on: sheet.day }) }
  return [
    ...(sheet.made ? [] : [{ id: sheet.request, draft: { ...common, kind: 'inspect' as const, label, body: { inspection: whole } } }]),
    { id: `${sheet.request}-l${sheet.rev}`, draft: { ...common, ...about, kind: 'lines' as const, label, body: { ...target, lines } } },
    ...sheet.lines
      .filter((l) => l.proofs.length > 0)
      .map((l, n) => ({
        id: `${sheet.request}-e${sheet.rev}-${n}`,
        draft: {
          village, user, ...about, kind: 'line_evidence' as const, label: `${label}，${l.name}的照片`,
          body: { ...target, household: l.household, evidence: l.proofs.map((p) => ({ kind: p.kind, sha256: p.sha256 })) },
          photos: l.proofs.map((p) => ({ sha256: p.sha256, size: p.size })),
        },
      })),
    { id: `${sheet.request}-s${sheet.rev}`, draft: { ...common, ...about, kind: 'submit_inspection' as const, label, body: { ...target } } },
  ]
}
