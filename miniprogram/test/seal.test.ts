import { flushPromises, mount } from '@vue/test-utils'
import { describe, expect, it, vi } from 'vitest'
import made from '../../internal/ledger/testdata/seal-vectors.json'
import { check, fieldsOf, readCode, rootOf, type Inclusion } from '@/services/seal'

interface Vector {
  size: number
  root: string
  entries: Inclusion[]
}

/** Made and kept by the ledger's own test. */
const vectors: Vector[] = made
const last = vectors.at(-1)!
const entry = last.entries[1]!
const fields = fieldsOf(entry.text)!
const event = { id: fields.posting!, lines: [{ wallet: 'year', bucket: 'available', amount: 250, balance_after: 1250 }] }

describe('the seal check', () => {
  it('comes to the same roots as the ledger', () => {
    expect(vectors.length).toBeGreaterThan(3)
    for (const v of vectors) for (const e of v.entries) expect(rootOf(e, v.size)).toBe(v.root)
  })

  it('comes to no root when anything is changed', () => {
    const other = (change: Partial<Inclusion>, size = last.size) => rootOf({ ...entry, ...change }, size)
    expect(other({ text: entry.text.replace('amount=250', 'amount=900') })).not.toBe(last.root)
    expect(other({ index: entry.index + 1 })).not.toBe(last.root)
    expect(other({ path: entry.path.slice(1) })).toBeUndefined()
    expect(other({ path: [...entry.path, entry.path[0]!] })).toBeUndefined()
    expect(other({ path: entry.path.map((h) => h.replace(/^./, (c) => (c === '0' ? '1' : '0'))) })).not.toBe(last.root)
    expect(other({}, entry.index)).toBeUndefined()
    expect(other({ path: ['zz'] })).toBeUndefined()
  })

  it('reads what is printed, however it is typed', () => {
    const grouped = last.root.replace(/(.{4})(?=.)/g, '$1 ')
    expect(readCode(`23-${grouped}`)).toEqual({ size: 23, root: last.root })
    expect(readCode(`封账号：２３－${grouped.toUpperCase()}。`)).toEqual({ size: 23, root: last.root })
    expect(readCode('2400-1a2b 3c4d 5e6f 7a8b')).toEqual({ size: 2400, root: '1a2b3c4d5e6f7a8b' })
    expect(readCode('2400-la2bo 3c4d 5e6f 7a8')?.root).toBe('1a2b03c4d5e6f7a8')
    for (const wrong of ['', '23', '23-1a2b', 'abc-1a2b3c4d5e6f7a8b', `23-${last.root}0`]) expect(readCode(wrong)).toBeUndefined()
  })

  it('reads the entry, with its signs', () => {
    expect(fields.title).toBe('参加清扫\\门口\n第二行')
    expect(fieldsOf('hefen-entry-2\nsalt=00\n')).toBeUndefined()
  })

  it('holds what the passbook shows against the paper', () => {
    const printed = { size: last.size, root: last.root.slice(0, 16) }
    expect(check(event, [entry], printed)).toEqual({ good: true, compared: 16 })
    const why = (...args: Parameters<typeof check>) => {
      const v = check(...args)
      return v.good ? '' : v.why
    }
    expect(why({ ...event, lines: [{ ...event.lines[0]!, amount: 300 }] }, [entry], printed)).toContain('不一样')
    expect(why({ ...event, lines: [...event.lines, event.lines[0]!] }, [entry], printed)).toContain('多出')
    expect(why({ ...event, id: '77' }, [entry], printed)).toContain('另一笔')
    expect(why(event, [entry], { ...printed, root: '0000000000000000' })).toContain('对不上')
    expect(why(event, [{ ...entry, text: entry.text.replace('title=', 'title=x') }], printed)).toContain('对不上')
    expect(why(event, [], printed)).not.toBe('')
  })
})

describe('the page', () => {
  it('computes the root from what came and says whether the paper agrees', async () => {
    await import('./server')
    const me = { user_id: '1', name: '张三', roles: [], memberships: [{ village_id: '4', household_id: '8', member_id: '9' }] }
    const ask = vi.mocked(uni.request as unknown as (o: { url: string; success(r: object): void }) => void)
    ask.mockImplementation((o) => queueMicrotask(() => o.success({ statusCode: 200, data: o.url.includes('/proof') ? { seal: {}, entries: [entry] } : me })))
    const { keepToken } = await import('@/services/request')
    keepToken('token')
    const { checking } = await import('@/services/checking')
    const { default: HfInput } = await import('@/components/hf-input.vue')
    checking.value = { ...event, kind: 'award', kind_name: '加分', title: '参加清扫', amount: 250, balance_after: 1250, wallet: 'year', wallet_name: '年度积分', bucket: 'available', score: 250, occurred_on: '2026-06-20', counted_on: '2026-06-20', created_at: 0, reasons: [], lines: event.lines.map((l) => ({ ...l, bucket: 'available' as const, wallet_name: '年度积分' })) }
    const page = mount((await import('@/pages/passbook/seal.vue')).default)
    await flushPromises()
    const type = async (code: string) => {
      page.findComponent(HfInput).vm.$emit('update:modelValue', code)
      await flushPromises()
      page.findComponent(HfInput).vm.$emit('confirm')
      await flushPromises()
    }
    await type('23-1234')
    expect(page.text()).toContain('还不对')
    await type(`23-${last.root}`)
    expect(page.text()).toContain('对得上')
    expect(ask.mock.calls.at(-1)![0].url).toContain(`/entries/${event.id}/proof?size=23`)
    await type(`23-${last.root.replace(/^./, (c) => (c === '0' ? '1' : '0'))}`)
    expect(page.text()).toContain('对不上')
    expect(page.text()).toContain('村务监督员')
  })
})
