import { describe, expect, it } from 'vitest'
import type { Household, Item } from '@/api/types'
import { countGrades, markSaved, newSheet, setGrade, undo, unsavedLines } from '@/team/inspection/state'

const households = ['甲', '乙', '丙'].map((name, i) => ({ id: String(i), name, number: `00${i}` }) as Household)
const item = { value: { kind: 'grades', grades: [{ code: 'a', name: '好' }, { code: 'b', name: '差' }] } } as Item
const gradesOf = (sheet: ReturnType<typeof newSheet>) => sheet.lines.map((l) => l.grade).join('')

describe('inspection list', () => {
  it('starts with the usual grade for all, nothing saved', () => {
    const sheet = newSheet(households, 'a')
    expect(gradesOf(sheet)).toBe('aaa')
    expect(unsavedLines(sheet)).toHaveLength(3)
  })

  it('changes one by one tap and takes back in order', () => {
    let sheet = setGrade(setGrade(newSheet(households, 'a'), '1', 'b'), '2', 'b')
    expect(gradesOf(sheet)).toBe('abb')
    sheet = undo(sheet)
    expect(gradesOf(sheet)).toBe('aba')
    sheet = undo(undo(sheet))
    expect(gradesOf(sheet)).toBe('aaa')
  })

  it('a tap on the grade it has is no change', () => {
    const sheet = newSheet(households, 'a')
    expect(setGrade(sheet, '1', 'a')).toBe(sheet)
  })

  it('after saving only what was changed since remains', () => {
    const before = newSheet(households, 'a')
    const sent = unsavedLines(before)
    // The person taps while the request is under way.
    const after = markSaved(setGrade(before, '1', 'b'), sent)
    expect(unsavedLines(after).map((l) => l.household_id)).toEqual(['1'])
  })

  it('taking back a saved change has to be saved too', () => {
    let sheet = setGrade(newSheet(households, 'a'), '1', 'b')
    sheet = markSaved(sheet, unsavedLines(sheet))
    expect(unsavedLines(undo(sheet)).map((l) => l.household_id)).toEqual(['1'])
  })

  it('counts the grades', () => {
    expect(countGrades(setGrade(newSheet(households, 'a'), '0', 'b'), item)).toEqual([{ name: '好', count: 2 }, { name: '差', count: 1 }])
  })
})
