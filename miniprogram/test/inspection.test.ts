import { describe, expect, it } from 'vitest'
import type { Inspection, Item } from '@/api/types'
import { countGrades, draftsOfSheet, lackingPhoto, openSheet, returnedSheet, setGrade, setProofs, undo, type Sheet } from '@/team/inspection/state'

const households = ['甲', '乙', '丙'].map((name, i) => ({ id: String(i), name, number: `00${i}` }))
const item = {
  code: 'clean', name: '户容户貌', evidence: ['photo', 'none'],
  value: { kind: 'grades', grades: [{ code: 'a', name: '好', points: 1000 }, { code: 'b', name: '差', points: 0 }] },
} as unknown as Item
const head = { request: 'r'.repeat(32), item, group: '5', groupName: '一组', day: '2026-05-20' }
const fresh = () => openSheet(head, households, 'a')
const gradesOf = (sheet: Sheet) => sheet.lines.map((l) => l.grade).join('')
const photo = { kind: 'photo' as const, sha256: 'ab', size: 3 }

describe('inspection list', () => {
  it('starts with the usual grade for all', () => {
    expect(gradesOf(fresh())).toBe('aaa')
  })

  it('changes one by one tap and takes back in order', () => {
    let sheet = setGrade(setGrade(fresh(), '1', 'b'), '2', 'b')
    expect(gradesOf(sheet)).toBe('abb')
    sheet = undo(sheet)
    expect(gradesOf(sheet)).toBe('aba')
    sheet = undo(undo(sheet))
    expect(gradesOf(sheet)).toBe('aaa')
  })

  it('a tap on the grade it has is no change', () => {
    const sheet = fresh()
    expect(setGrade(sheet, '1', 'a')).toBe(sheet)
  })

  it('counts the grades', () => {
    expect(countGrades(setGrade(fresh(), '0', 'b'))).toEqual([{ name: '好', count: 2 }, { name: '差', count: 1 }])
  })

  it('names the households that lack a photo, where the item insists and the grade is worth something', () => {
    expect(lackingPhoto(fresh())).toEqual([])
    const strict = { ...fresh(), item: { ...item, evidence: ['photo'] } as Item }
    const sheet = setProofs(setGrade(strict, '0', 'b'), '1', [photo])
    expect(lackingPhoto(sheet).map((l) => l.name)).toEqual(['丙'])
  })

  it('becomes drafts that rest on one another, under the same ids each time', () => {
    const sheet = setProofs(setGrade(fresh(), '1', 'b'), '1', [photo])
    const drafts = draftsOfSheet(sheet, '9', 'me', '2026-05-20')
    expect(drafts.map((d) => d.draft.kind)).toEqual(['inspect', 'lines', 'line_evidence', 'submit_inspection'])
    expect(drafts.slice(1).every((d) => d.draft.of === sheet.request)).toBe(true)
    expect(drafts.map((d) => d.id)).toEqual(draftsOfSheet(sheet, '9', 'me', '2026-05-20').map((d) => d.id))
    expect(drafts[0]?.draft.body.inspection).toEqual({ request_id: sheet.request, item: 'clean', group: '5' })
    expect(drafts[1]?.draft.body.lines?.[1]).toEqual({ household: '1', rev: 1, seen: true, grade: 'b' })
    expect(drafts[2]?.draft.photos).toEqual([{ sha256: 'ab', size: 3 }])
    expect(draftsOfSheet(sheet, '9', 'me', '2026-05-21')[0]?.draft.body.inspection?.occurred_on).toBe('2026-05-20')
  })

  it('mended it changes what the server has, under new ids', () => {
    const sheet = { ...fresh(), made: '77', rev: 2 }
    const drafts = draftsOfSheet(sheet, '9', 'me', '2026-05-20')
    expect(drafts.map((d) => d.draft.kind)).toEqual(['lines', 'submit_inspection'])
    expect(drafts.every((d) => d.draft.body.target === '77' && !d.draft.of && /2$/.test(d.id))).toBe(true)
  })

  it('is taken up again as the server has it when it was given back', () => {
    const one = { id: '99', group: '5', occurred_on: '2026-05-20', photos: [{ part: '1' }], lines: households.map((h, i) => ({ household: h.id, number: h.number, name: h.name, rev: i + 1, grade: i ? 'b' : '', seen: i > 0 })) } as unknown as Inspection
    const sheet = returnedSheet(one, { ...item, evidence: ['photo'] } as Item, '一组', 'q'.repeat(32))
    expect(gradesOf(sheet)).toBe('abb')
    expect(lackingPhoto(setGrade(sheet, '1', 'a')).map((l) => l.household)).toEqual(['0']) // the photo of 1 is there already
    const drafts = draftsOfSheet(sheet, '7', '1', '2026-05-20')
    expect(drafts.map((d) => [d.draft.kind, d.draft.body.target])).toEqual([['lines', '99'], ['submit_inspection', '99']])
    expect(drafts[0]?.draft.body.lines?.[0]?.rev).toBe(4)
  })
})
