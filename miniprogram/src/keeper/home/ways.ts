/** What a keeper does beside serving the next household. A new page of the keeper gets its line here. */
import type { Way } from '@/components/ways'

/** For a shop of the village or a partner's; so many reservations wait. */
export function waysOf(partner: boolean, reserved: number): { title: string; ways: Way[] }[] {
  return [
    {
      title: '柜台',
      ways: [
        { icon: 'clock', name: '预约待领', path: '/keeper/pickup/index', count: reserved },
        { icon: 'receipt', name: '今日兑换', path: '/keeper/today/index' },
        ...(partner ? [] : [{ icon: 'wait' as const, name: '没有信号时', path: '/keeper/offline/index' }]),
      ],
    },
    {
      title: '货架',
      ways: [
        { icon: 'basket', name: '商品库存', path: '/keeper/stock/index' },
        { icon: 'check', name: '盘点', path: '/keeper/stocktake/index' },
        { icon: 'list', name: '今日进出', path: '/keeper/day/index' },
        { icon: 'sprout', name: '下次进什么', path: '/keeper/plan/index' },
        ...(partner ? [{ icon: 'rules' as const, name: '结算单', path: '/keeper/statements/index' }] : []),
      ],
    },
  ]
}
