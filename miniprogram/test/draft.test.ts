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
})
