import { flushPromises, mount } from '@vue/test-utils'
import { describe, expect, it, vi } from 'vitest'
import { pageQuery } from './setup'
import { stretches } from '@/team/publish/stretches'

describe('publishing', () => {
  it('offers whole months, also over the turn of a year', () => {
    expect(stretches('2026-01-05').map((s) => [s.from, s.to])).toEqual([
      ['2025-12-01', '2025-12-31'],
      ['2026-01-01', '2026-01-05'],
      ['2025-12-30', '2026-01-05'],
    ])
    expect(stretches('2026-03-31')[0]).toMatchObject({ from: '2026-02-01', to: '2026-02-28' })
  })
})

const me = {
  user_id: '1',
  name: '张三',
  roles: [{ id: '5', role: 'team_member', role_name: '驻村队员', village_id: '4', village_name: '林源村' }],
  memberships: [{ village_id: '4', village_name: '林源村', household_id: '8', household_name: '张三', number: '1', member_id: '9', member_name: '张三' }],
}

const seal = { village: '4', size: 23, root: 'ab'.repeat(32), sealed_at: 0 }
const notice = { id: '77', no: '2026年第3号', kind: 'notice', kind_name: '公示', from_on: '2026-06-01', to_on: '2026-06-30', published_on: '2026-07-01', object_until: '2026-07-08', public_until: '2026-07-30', open: true, cases: 2, seal, hash: '', link: '/g/x', created_at: 0 }
const line = (more: object) => ({ name: '张*', item: '环境清扫', occurred_on: '2026-06-12', points: 500, now_points: 500, ...more })
const page = {
  notice, title: '林源村积分公示', period: '2026年6月', village_name: '林源村', how_to_object: '找村委会', sum: { cases: 2, households: 2, plus: 500, minus: -300 },
  honour: [{ rank: 1, name: '张*', points: 500 }], warning: [], later: [], changes: 1, code: '23-abab',
  lines: [line({ mine: true, case: '6', waits: true }), line({ name: '王*', item: '乱倒垃圾', points: -300, now: 'reversed', note: '已撤销，不再计分' })],
}

/** Answers by what is asked for, in any order. */
async function serve(byPath: Record<string, unknown>): Promise<void> {
  await import('./server')
  vi.mocked(uni.request as unknown as (o: { url: string; success(r: object): void; fail(): void }) => void).mockImplementation((o) => {
    const found = Object.entries(byPath).find(([path]) => o.url.includes(path))
    queueMicrotask(() => (found ? o.success({ statusCode: 200, data: found[1] }) : o.fail()))
  })
}

describe('a notice', () => {
  it('shows each line with what has become of it, and to officials the way to correct', async () => {
    await serve({ '/me': me, '/notices/': page })
    const { keepToken } = await import('@/services/request')
    keepToken('token')
    pageQuery.id = '77'
    const shown = mount((await import('@/pages/notices/one.vue')).default)
    await flushPromises()
    for (const part of ['林源村积分公示', '2026年第3号', '加 5 分，扣 3 分', '公示期满才算数', '这是我家的', '已撤销，不再计分', '23-abab', '出更正公告', '存长图']) expect(shown.text()).toContain(part)
    expect(shown.findAll('.gone')).toHaveLength(1)
  })
})
