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
    expect(missingPart(draft)).toMatch('超出范围')
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
  const proof = (kind: 'photo' | 'certificate' | 'signature', photo = '9') => ({ kind, path: 'p', photo, problem: '' })

  it('asks for the evidence that the item asks for', async () => {
    const { draft, missingPart, chooseItem, newCase } = await load()
    draft.subjects = [home]
    chooseItem(asks(['photo', 'both']))
    expect(missingPart(draft)).toBe('还差照片或双方确认')
    draft.proofs = [proof('photo', '')]
    expect(missingPart(draft)).toMatch('正在上传')
    draft.proofs = [{ ...proof('photo', ''), problem: '网络不通' }]
    expect(missingPart(draft)).toMatch('重传')
    draft.proofs = [proof('photo')]
    expect(missingPart(draft)).toBe('')
    expect(newCase(draft).evidence).toEqual([{ kind: 'photo', photo: '9' }])
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

  it('keeps what the server has of the photos when the app is closed', async () => {
    const { draft } = await load()
    draft.proofs = [proof('photo'), proof('signature', '')]
    await new Promise((done) => setTimeout(done))
    const { draft: again } = await load()
    expect(again.proofs).toEqual([{ kind: 'photo', path: '', photo: '9', problem: '' }])
  })
})
