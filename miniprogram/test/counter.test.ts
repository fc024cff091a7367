import { describe, expect, it, vi } from 'vitest'
import type { Goods, Lease, PhoneCode } from '@/api/types'
import { clipNames, hasClips, numberClips, placeClips, receiptClips } from '@/services/clips'
import { ascii, fromBase64, hmac, toBase64 } from '@/services/hmac'
import { codeAt, digitsOf, keepCode, keptCode } from '@/services/phonecode'
import table from '../tools/voice/words.tsv?raw'
import { store } from './setup'

const hex = (bytes: Uint8Array) => Array.from(bytes, (b) => b.toString(16).padStart(2, '0')).join('')
const SECRET = 'AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8='
const CARD = 'HF1-AAAAAAAAAAAAAAAAAAAAAA'
const MARK = 'HrOChuOZDjxUCgISkfRu9w=='

describe('hmac', () => {
  it('agrees with RFC 4231', () => {
    expect(hex(hmac(new Uint8Array(20).fill(11), ascii('Hi There')))).toBe('b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7')
    expect(hex(hmac(new Uint8Array(131).fill(0xaa), ascii('Test Using Larger Than Block-Size Key - Hash Key First')))).toBe('60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54')
    expect(toBase64(fromBase64(SECRET))).toBe(SECRET)
  })
})

describe('the code on the phone', () => {
  it('shows the digits that the server works out', () => {
    expect(digitsOf(fromBase64(SECRET), 1)).toBe('05602039')
    expect(digitsOf(fromBase64(SECRET), 59_000_000)).toBe('01276791')
  })

  it('goes by the server’s clock and is kept for its person', () => {
    const code = { alias: '12345678', secret: SECRET, household: '7', step_seconds: 30, server_time: 1_770_000_000_000, id: '1' } as PhoneCode
    const kept = keepCode(code, 'anna', 1_770_000_000_000 - 90_000)
    const shown = codeAt(kept, 1_770_000_000_000 - 90_000)
    expect(shown.digits).toBe('01276791')
    expect(shown.text).toBe('HF2-12345678-01276791')
    expect(shown.left).toBe(30)
    expect(codeAt(kept, 1_770_000_000_000 - 60_000 - 1).left).toBe(1)
    expect(codeAt(kept, 1_770_000_000_000 - 60_000).digits).not.toBe('01276791')
    expect(keptCode('7', 'anna')).toBeDefined()
    expect(keptCode('7', 'boris')).toBeUndefined()
  })
})

describe('reading aloud from recordings', () => {
  it('reads numbers as one says them', () => {
    const said = (n: number) => numberClips(n).join(' ')
    expect(said(0)).toBe('0')
    expect(said(1000)).toBe('ten')
    expect(said(1500)).toBe('ten 5')
    expect(said(5000)).toBe('5 ten')
    expect(said(10_500)).toBe('1 hundred 0 5')
    expect(said(11_000)).toBe('1 hundred 1 ten')
    expect(said(100_100)).toBe('1 thousand 0 1')
    expect(said(1_000_000)).toBe('1 myriad')
    expect(said(1_005_000)).toBe('1 myriad 0 5 ten')
    expect(said(200)).toBe('two')
    expect(said(1_200)).toBe('ten 2')
    expect(said(2_200)).toBe('2 ten 2')
    expect(said(22_200)).toBe('two hundred 2 ten 2')
    expect(said(2_000_000)).toBe('two myriad')
    expect(placeClips(2)).toEqual(['rank', '2', 'place'])
    expect(said(250)).toBe('2 point 5')
    expect(said(-305)).toBe('minus 3 point 0 5')
    expect(receiptClips(5000, 0)).toEqual(['done', 'spent', '5', 'ten', 'points', 'left', '0', 'points'])
  })

  it('has words for every recording, and no others', () => {
    const words = table.split('\n').filter((l) => l && !l.startsWith('#'))
    expect(words.map((l) => l.split('\t')[0]).sort()).toEqual([...clipNames].sort())
  })

  it('is not offered where recordings are missing', () => expect(hasClips()).toBe(false))
})

const lease = {
  id: '9', key: SECRET, ends_at: 2_000_000_000_000, taken_at: 0,
  lines: [{ household: '7', number: '001', name: '张*', mark: MARK, budget: 2000, spent: 0 }, { household: '8', number: '002', name: '李*', mark: 'x', budget: 500, spent: 0 }],
} as unknown as Lease
const soap = { id: '5', name: '香皂', price: 250, stock: 10 } as Goods

/** The server's answers, in order; nothing left: no network. */
function answers(...list: { status: number; data: unknown }[]) {
  const sent: { url: string; data: { request_id: string } }[] = []
  ;(uni.request as unknown as ReturnType<typeof vi.fn>).mockImplementation((options: { url: string; data: { request_id: string }; success(a: object): void; fail(): void }) => {
    sent.push(options)
    const next = list.shift()
    if (next) options.success({ statusCode: next.status, data: next.data })
    else options.fail()
  })
  return sent
}

describe('redeeming without signal', () => {
  it('finds a household by the mark of its card alone', async () => {
    const { cardCode, lineOf } = await import('@/keeper/lease')
    expect(lineOf(lease, CARD)?.household).toBe('7')
    expect(lineOf(lease, 'HF1-AAAAAAAAAAAAAAAAAAAAAB')).toBeUndefined()
    expect(cardCode(` https://a.example.cn/k/${CARD} `)).toBe(CARD)
    expect(cardCode('HF2-12345678-12345678')).toBe('')
  })

  it('asks again under the same id for a lease whose answer was lost', async () => {
    const { takeLease, keptLease } = await import('@/keeper/lease')
    const sent = answers({ status: 502, data: null }, { status: 200, data: lease })
    await expect(takeLease('anna', '1', '2')).rejects.toThrow()
    await takeLease('anna', '1', '2')
    expect(sent[1]?.data.request_id).toBe(sent[0]?.data.request_id)
    expect(keptLease('anna')?.lease.id).toBe('9')
    expect(keptLease('boris')).toBeUndefined()
  })

  it('keeps every sale until there is an answer, and refused ones after it', async () => {
    const { bringBack, budgetLeft, keepSale, putAway, sales, stockLeft, takeLease } = await import('@/keeper/lease')
    answers({ status: 200, data: lease })
    const kept = await takeLease('anna', '1', '2')
    const line = lease.lines[0]!
    const first = await keepSale(line, CARD, [{ goods: soap, quantity: 2 }])
    await keepSale(line, CARD, [{ goods: soap, quantity: 1 }])
    expect(budgetLeft(line, sales())).toBe(2000 - 750)
    expect(stockLeft(soap, sales())).toBe(7)

    answers()
    expect(await bringBack(kept)).toContain('没有信号')
    expect(sales().map((s) => s.state)).toEqual(['kept', 'kept'])
    expect(putAway()).toBe(false)

    const sent = answers({ status: 200, data: { state: 'posted', said: '' } }, { status: 403, data: { error: { code: 'x', msg: '不能办' } } })
    expect(await bringBack(kept)).toBe('')
    expect(sent[0]?.data.request_id).toBe(first.body.request_id)
    expect(sales().map((s) => [s.state, s.body.card !== ''])).toEqual([['sent', false], ['refused', true]])
    expect(sales()[1]?.reason).toBe('不能办')
    expect(putAway()).toBe(false)

    const again = answers({ status: 200, data: { state: 'waiting', said: '超过了离线限额' } })
    await bringBack(kept)
    expect(again).toHaveLength(1)
    expect(putAway()).toBe(true)
    expect(store.has('hefen.lease')).toBe(false)
  })
})
