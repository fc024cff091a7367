/**
 * The card that is sent on in WeChat. It names the app and nothing of whoever sends it: its picture is ours, because without one
 * WeChat would take the page as it stands, with name and balance; whoever opens it comes in by the door.
 */
import type { Destination } from './arrival'

export interface ShareCard {
  title: string
  path: string
  imageUrl: string
}

const titles: Record<Destination | '', string> = { '': '做好事，攒积分，换日用', goods: '村里的积分超市，能换这些' }

/** A card of a village; to is where whoever opens it is led, once the person is known. */
export function shareCard(village = '', to: Destination | '' = ''): ShareCard {
  const query = [village ? `v=${village}` : '', to ? `to=${to}` : ''].filter(Boolean).join('&')
  return { title: titles[to], path: `/pages/enter/index${query ? `?${query}` : ''}`, imageUrl: '/static/share.png' }
}
