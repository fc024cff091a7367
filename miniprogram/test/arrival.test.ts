import { beforeEach, describe, expect, it } from 'vitest'
import { arrival, noticeIn } from '@/services/arrival'
import { adoptWrites, pendingWrites, write } from '@/services/write'
import { answers } from './server'

const CARD = 'HF1-abcdefghijklmnopqrst_-'

describe('what opened the app', () => {
  it('is the code of a village, a card read as an ordinary link, or nothing', () => {
    expect(arrival({ scene: encodeURIComponent('v=71234567890123') })).toEqual({ village: '71234567890123', card: '', page: '' })
    expect(arrival({ q: encodeURIComponent(`https://jifen.example.gov.cn/k/${CARD}`) })).toEqual({ village: '', card: CARD, page: '' })
    expect(arrival({ v: '7' })).toEqual({ village: '7', card: '', page: '' })
    for (const query of [undefined, {}, { scene: '%' }, { scene: 'v=x' }, { q: 'https://jifen.example.gov.cn/k/HF1-short' }, { v: '../7' }]) {
      expect(arrival(query)).toEqual({ village: '', card: '', page: '' })
    }
  })

  it('is a notice: by its link, the code printed on it, or a mini-program code', () => {
    const token = 'ABCDEFGHIJKLMNOPQRSTUVWXY2'
    expect(noticeIn({ t: token })).toBe(token)
    expect(noticeIn({ q: encodeURIComponent(`https://jifen.example.gov.cn/g/${token}`), scancode_time: '1' })).toBe(token)
    expect(noticeIn({ scene: encodeURIComponent(`n=${token}`) })).toBe(token)
    for (const query of [undefined, {}, { q: 'https://jifen.example.gov.cn/k/x' }, { scene: 'v=7' }]) expect(noticeIn(query)).toBe('')
  })

  it('is a card that was sent on: it names the village and a page, nobody, and leads nowhere else', async () => {
    const { shareCard } = await import('@/services/share')
    const card = shareCard('7', 'goods')
    expect(card.path).toBe('/pages/enter/index?v=7&to=goods')
    expect(arrival({ v: '7', to: 'goods' })).toEqual({ village: '7', card: '', page: '/pages/goods/index' })
    expect(arrival({ v: '7', to: 'https://elsewhere' }).page).toBe('')
  })

  it('puts the household and the office in that village first', async () => {
    const { chooseVillage, ensureMe, home, teamRole } = await import('@/services/session')
    uni.setStorageSync('hefen.token', 't')
    const member = (village: string, household: string) => ({ village_id: village, household_id: household, member_id: '1' })
    const role = (id: string, village: string) => ({ id, role: 'team_member', village_id: village })
    answers.push({ status: 200, body: { user_id: '1', memberships: [member('1', '11'), member('2', '22')], roles: [role('r1', '1'), role('r2', '2')], bindings: [] } })
    await ensureMe(true)
    expect([home.value?.household_id, teamRole.value?.id]).toEqual(['11', 'r1'])
    expect(chooseVillage('2')).toBe(true)
    expect([home.value?.household_id, teamRole.value?.id]).toEqual(['22', 'r2'])
    expect(chooseVillage('3')).toBe(false)
    expect(home.value?.household_id).toBe('22')
  })
})

describe('two users who are one person', () => {
  beforeEach(() => {
    answers.length = 0
  })

  it('what the one left unanswered is sent by the other', async () => {
    answers.push({})
    await expect(write('/x', {}, { label: 'x', user: 'a' })).rejects.toThrow('网络不好')
    adoptWrites('a', 'b')
    expect([pendingWrites('a').length, pendingWrites('b').length]).toEqual([0, 1])
    adoptWrites('', 'c')
    expect(pendingWrites('b')).toHaveLength(1)
  })
})
