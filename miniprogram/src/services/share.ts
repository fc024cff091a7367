/**
 * The card that is sent on in WeChat. It names the app and nothing of whoever sends it: its picture is ours, because without one
 * WeChat would take the page as it stands, with name and balance; whoever opens it comes in by the door.
 */
export interface ShareCard {
  title: string
  path: string
  imageUrl: string
}

export function shareCard(village = ''): ShareCard {
  return {
    title: '做好事，攒积分，换日用',
    path: `/pages/enter/index${village ? `?v=${village}` : ''}`,
    imageUrl: '/static/share.png',
  }
}
