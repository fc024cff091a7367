import { describe, expect, it } from 'vitest'
import type { InspectionLine, Item } from '@/api/types'
import { countGrades, markSaved, openSheet, setGrade, undo, unsavedLines } from '@/team/inspection/state'

const lines: InspectionLine[] = ['甲', '乙', '丙'].map((name, i) => ({ household: String(i), name, row: i + 1, counted: 0, number: `00${i}`, rev: 0, seen: false }))
const item = { value: { kind: 'grades', grades: [{ code: 'a', name: '好' }, { code: 'b', name: '差' }] } } as Item
const fresh = () => openSheet(lines, 'a')
const gradesOf = (sheet: ReturnType<typeof fresh>) => sheet.lines.map((l) => l.grade).join('')

describe('inspection list', () => {
  it('starts with the usual grade for all, nothing saved', () => {
    expect(gradesOf(fresh())).toBe('aaa')
    expect(unsavedLines(fresh())).toHaveLength(3)
  })

  it('taken up again it keeps what was seen', () => {
    const kept = openSheet([{ ...lines[0]!, seen: true, grade: 'b', rev: 4 }, lines[1]!], 'a')
    expect(gradesOf(kept)).toBe('ba')
    expect(unsavedLines(kept).map((l) => l.household)).toEqual(['1'])
  })

  it('changes one by one tap and takes back in order', () => {
    let sheet = setGrade(setGrade(fresh(), '1', 'b'), '2', 'b')
    expect(gradesOf(sheet)).toBe('abb')
    sheet = undo(sheet)
    expect(gradesOf(sheet)).toBe('aba')
    sheet = undo(undo(sheet))
    expect(gradesOf(sheet)).toBe('aaa')
  })

  it('every change has a higher revision, taking back too', () => {
    const revisions = [fresh(), setGrade(fresh(), '1', 'b'), undo(setGrade(fresh(), '1', 'b'))].map((s) => s.lines[1]!.rev)
    expect(revisions).toEqual([1, 2, 3])
  })

  it('a tap on the grade it has is no change', () => {
    const sheet = fresh()
    expect(setGrade(sheet, '1', 'a')).toBe(sheet)
  })

  it('after saving only what was changed since remains', () => {
    const before = fresh()
    // The person taps while the request is under way.
    const after = markSaved(setGrade(before, '1', 'b'), unsavedLines(before))
    expect(unsavedLines(after).map((l) => l.household)).toEqual(['1'])
  })

  it('taking back a saved change has to be saved too', () => {
    let sheet = setGrade(fresh(), '1', 'b')
    sheet = markSaved(sheet, unsavedLines(sheet))
    expect(unsavedLines(undo(sheet)).map((l) => l.household)).toEqual(['1'])
  })

  it('counts the grades', () => {
    expect(countGrades(setGrade(fresh(), '0', 'b'), item)).toEqual([{ name: '好', count: 2 }, { name: '差', count: 1 }])
  })
})
