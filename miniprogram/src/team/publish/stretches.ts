import { addDays, today } from '@/services/dates'

/** A stretch of days that is often put before the village. */
export interface Stretch {
  value: string
  name: string
  from: string
  to: string
}

/** Last month, this month so far, and the last seven days, as of a day. */
export function stretches(now = today()): Stretch[] {
  const first = `${now.slice(0, 8)}01`
  const end = addDays(first, -1)
  return [
    { value: 'last', name: '上个月', from: `${end.slice(0, 8)}01`, to: end },
    { value: 'this', name: '本月到今天', from: first, to: now },
    { value: 'week', name: '最近七天', from: addDays(now, -6), to: now },
  ]
}
