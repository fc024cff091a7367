import { beforeEach, describe, expect, it, vi } from 'vitest'
import type { Item, Value } from '@/api/types'
import { store } from './setup'

const home = { id: '7', name: '张三', number: '0001' }
const item = (value: Value) => ({ code: 'A1', name: '事', value }) as Item
const load = async () => (vi.resetModules(), import('@/team/draft'))

describe('a record being written', () => {
  beforeEach(() => store.clear())

  it('says what is missing, one thing at a time', async () => {
    const { draft, missingPart, chooseItem } = await load()
    expect(missingPart(draft)).toBe('先选哪家')
    draft.subjects = [home]
    expect(missingPart(draft)).toBe('再选什么事')
    chooseItem(item({ kind: 'grades', grades: [] }))
    expect(missingPart(draft)).toBe('请选一个等次')
    draft.grade = 'g1'
    expect(missingPart(draft)).toBe('')
  })

  it('asks for points within the range, and why', async () => {
    const { draft, missingPart, chooseItem, newCase } = await load()
    draft.subjects = [home]
    chooseItem(item({ kind: 'range', from: -500, to: -100 }))
    draft.points = '-6'
    expect(missingPart(draft)).toMatch('请填对分数')
    draft.points = '-2.5'
    expect(missingPart(draft)).toMatch('为什么')
    draft.note = ' 屡教不改 '
    expect(missingPart(draft)).toBe('')
    expect(newCase(draft)).toMatchObject({ item: 'A1', subjects: ['7'], points: -250, note: '屡教不改' })
  })

  it('sends quantities as thousandths', async () => {
    const { draft, chooseItem, newCase, missingPart } = await load()
    draft.subjects = [home]
    chooseItem(item({ kind: 'per_unit', unit: '小时' }))
    expect(missingPart(draft)).toBe('请填多少小时')
    draft.quantity = '1.5'
    expect(newCase(draft).quantity).toBe(1500)
  })

  it('survives a killed app', async () => {
    const first = await load()
    first.draft.subjects = [home]
    await vi.waitFor(() => expect(store.get('hefen.team.draft')).toBeDefined())
    const second = await load()
    expect(second.draft.subjects).toEqual([home])
  })

  const asks = (evidence: string[], all = false) =>
    ({ ...item({ kind: 'fixed', points: 500 }), evidence, evidence_all: all, words: { evidence: '照片或双方确认' } }) as unknown as Item
  const proof = (kind: 'photo' | 'certificate' | 'signature', sha256 = 'ab') => ({ kind, sha256, size: 3 })

  it('asks for the evidence that the item asks for', async () => {
    const { draft, missingPart, chooseItem, newCase } = await load()
    draft.subjects = [home]
    chooseItem(asks(['photo', 'both']))
    expect(missingPart(draft)).toBe('还差照片或双方确认')
    draft.proofs = [proof('photo')]
    expect(missingPart(draft)).toBe('')
    expect(newCase(draft).evidence).toEqual([{ kind: 'photo', sha256: 'ab' }])
    draft.proofs = []
    draft.other = { id: '8', name: '李四', number: '0002', note: '', oral: true }
    expect(missingPart(draft)).toMatch('什么时候确认')
    draft.other.note = ' 当面说的 '
    expect(newCase(draft).evidence).toEqual([{ kind: 'both', household: '8', note: '当面说的' }])
    draft.other.oral = false
    expect(missingPart(draft)).toBe('')
    expect(newCase(draft).evidence).toEqual([{ kind: 'both', household: '8' }])
    chooseItem(asks(['certificate', 'photo'], true))
    draft.proofs = [proof('photo')]
    expect(missingPart(draft)).not.toBe('')
    draft.proofs = [proof('photo'), proof('certificate')]
    expect(missingPart(draft)).toBe('')
    chooseItem(asks(['photo', 'none']))
    draft.proofs = []
    expect(missingPart(draft)).toBe('')
    expect(newCase(draft).evidence).toBeUndefined()
  })

  it('keeps the photos when the app is closed', async () => {
    const { draft } = await load()
    draft.proofs = [proof('photo'), proof('signature', 'cd')]
    await new Promise((done) => setTimeout(done))
    const { draft: again } = await load()
    expect(again.proofs).toEqual([proof('photo'), proof('signature', 'cd')])
  })

  it('leaves the day of today to the server, which sets the clock right', async () => {
    const { draft, newCase, chooseItem } = await load()
    chooseItem(asks(['none']))
    expect(newCase(draft).occurred_on).toBeUndefined()
    draft.occurred_on = '2026-01-05'
    expect(newCase(draft).occurred_on).toBe('2026-01-05')
  })

  it('fills a sheet in part by part', async () => {
    const { draft, missingPart, newCase, chooseItem } = await load()
    draft.subjects = [home]
    const options = [{ code: 'a', name: '好', points: 100 }, { code: 'b', name: '差', points: -100 }]
    chooseItem({ ...asks(['none']), value: { kind: 'sheet', full: 1000, parts: [{ code: 'yard', name: '院子', full: 500 }, { code: 'room', name: '屋里', options }] } } as Item)
    expect(missingPart(draft)).toBe('请填“屋里”')
    draft.parts = { room: { option: 'b', off: '' }, yard: { option: '', off: '6' } }
    expect(missingPart(draft)).toMatch('院子')
    draft.parts = { room: { option: 'b', off: '' }, yard: { option: '', off: '1.5' } }
    expect(missingPart(draft)).toBe('')
    expect(newCase(draft).parts).toEqual([{ code: 'yard', off: 150 }, { code: 'room', option: 'b' }])
  })

  it('names both sides with their relation, and counts those who came', async () => {
    const { draft, missingPart, newCase, chooseItem, toggleParty } = await load()
    draft.subjects = [home]
    const parties = [{ role: 'other', name: '另一方', who: 'named', min: 1, max: 1, relations: ['邻居', '亲戚'] }]
    chooseItem({ ...asks(['none']), parties } as unknown as Item)
    expect(missingPart(draft)).toBe('请选另一方')
    toggleParty('other', { id: '8', name: '李四', number: '0002' })
    expect(missingPart(draft)).toMatch('什么人')
    draft.parties = draft.parties.map((p) => ({ ...p, relation: '邻居' }))
    expect(missingPart(draft)).toBe('')
    expect(newCase(draft).parties).toEqual([{ role: 'other', subject: '8', relation: '邻居' }])
    chooseItem({ ...asks(['none']), value: { kind: 'per_person', unit: '人', points: 200 } } as Item)
    expect(missingPart(draft)).toBe('请填有多少人参加')
    draft.persons = '12'
    expect(newCase(draft).persons).toBe(12)
  })
})
