import type { IconName } from './icons'

/** A way onward from the first page or from 我的. */
export interface Way {
  icon: IconName
  /** At most five letters. */
  name: string
  path: string
  /** The page is one of the tab bar's. */
  tab?: boolean
  /** How many wait behind it. */
  count?: number
}

/** What a villager can do, from the first page, beside the tabs. A page that is new to the villager gets its line here. */
export const homeWays: Way[] = [
  { icon: 'scan', name: '出示给超市', path: '/pages/code/index' },
  { icon: 'camera', name: '申报', path: '/pages/claim/index' },
  { icon: 'calendar', name: '活动签到', path: '/pages/activities/index' },
  { icon: 'rules', name: '怎么得分', path: '/pages/rules/index' },
  { icon: 'book', name: '积分存折', path: '/pages/passbook/index' },
  { icon: 'list', name: '公示榜', path: '/pages/notices/index' },
]

/** What belongs to the person and the household, from 我的. */
export const mineWays: Way[] = [
  { icon: 'bell', name: '消息', path: '/pages/messages/index' },
  { icon: 'people', name: '我的家人', path: '/pages/family/index' },
  { icon: 'basket', name: '我的预约', path: '/pages/reservations/index' },
  { icon: 'receipt', name: '换过的', path: '/pages/receipts/index' },
  { icon: 'clock', name: '我的申报', path: '/pages/claims/index' },
  { icon: 'speaker', name: '投诉建议', path: '/pages/voices/index' },
  { icon: 'alert', name: '我的异议', path: '/pages/objections/index' },
  { icon: 'medal', name: '评比奖励', path: '/pages/awards/index' },
  { icon: 'gear', name: '设置', path: '/pages/settings/index' },
]
