/** What can be done from the workbench, by what it is about and who may. A new page of the team gets its line here. */
import type { Way } from '@/components/ways'

export interface Ways {
  title: string
  ways: Way[]
}

/** Who may: everybody of the village's team; all but group leaders; the first secretary; members of the panel. */
type Who = 'all' | 'staff' | 'chief' | 'panel'

const groups: { title: string; ways: (Way & { who?: Who })[] }[] = [
  {
    title: '每天用的',
    ways: [
      { icon: 'save', name: '今天的记录', path: '/team/today/index' },
      { icon: 'clock', name: '最近记录', path: '/team/cases/index' },
      { icon: 'check', name: '审核', path: '/team/reviews/index' },
      { icon: 'people', name: '表决', path: '/team/votes/index', who: 'panel' },
      { icon: 'alert', name: '异议', path: '/team/objections/index', who: 'staff' },
      { icon: 'shield', name: '整改销号', path: '/team/faults/index' },
      { icon: 'speaker', name: '扣分告知', path: '/team/tellings/index', who: 'staff' },
      { icon: 'scan', name: '活动签到', path: '/team/activities/index' },
    ],
  },
  {
    title: '村民的事',
    ways: [
      { icon: 'people', name: '绑定申请', path: '/team/bindings/index' },
      { icon: 'pen', name: '投诉建议', path: '/team/voices/index' },
      { icon: 'card', name: '卡和存折', path: '/team/cards/index', who: 'staff' },
      { icon: 'key', name: '登录密码', path: '/team/pin/index' },
      { icon: 'scan', name: '小程序码', path: '/team/minicode/index' },
      { icon: 'home', name: '联系户', path: '/team/links/index' },
    ],
  },
  {
    title: '公布和监督',
    ways: [
      { icon: 'board', name: '统计', path: '/team/figures/index', who: 'staff' },
      { icon: 'list', name: '公示', path: '/team/publish/index', who: 'staff' },
      { icon: 'search', name: '抽查', path: '/team/samples/index', who: 'staff' },
      { icon: 'shield', name: '内容把关', path: '/team/contents/index' },
    ],
  },
  {
    title: '年终和细则',
    ways: [
      { icon: 'clock', name: '周期结账', path: '/team/season/index', who: 'staff' },
      { icon: 'board', name: '评比奖励', path: '/team/awards/index', who: 'staff' },
      { icon: 'rules', name: '试算细则', path: '/team/trial/index', who: 'staff' },
    ],
  },
  {
    title: '积分超市',
    ways: [
      { icon: 'basket', name: '超市资金', path: '/team/funds/index' },
      { icon: 'wait', name: '离线兑换', path: '/keeper/leases/index', who: 'staff' },
      { icon: 'gear', name: '超市设置', path: '/team/shops/index', who: 'chief' },
      { icon: 'people', name: '代领核查', path: '/team/agents/index', who: 'chief' },
    ],
  },
]

/** The ways of somebody in this role, in groups. */
export function waysOf(role: string, panel: boolean): Ways[] {
  const may = (who: Who = 'all') => (who === 'panel' ? panel : who === 'chief' ? role === 'first_secretary' : who === 'all' || role !== 'group_leader')
  return groups.map(({ title, ways }) => ({ title, ways: ways.filter((w) => may(w.who)).map(({ icon, name, path }) => ({ icon, name, path })) }))
}
