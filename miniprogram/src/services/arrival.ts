/** What a code that opened the app says: a village's mini-program code, a household's card or a notice read as an ordinary link, a card that was sent on. */

/** Pages to which a card that was sent on may lead. */
export type Destination = 'goods'
const destinations: Record<Destination, string> = { goods: '/pages/goods/index' }

export interface Arrival {
  /** The village whose code was scanned, or empty. */
  village: string
  /** The code of a household's card, or empty. */
  card: string
  /** The page to which a card that was sent on leads, or empty. */
  page: string
}

const CARD = /\/k\/(HF1-[A-Za-z0-9_-]{22})$/
const NOTICE = /\/g\/([A-Za-z0-9_-]{1,26})$/

/** From the query of the page: scene of a mini-program code (v=<village>), q of an ordinary link, v on H5. */
export function arrival(query: Record<string, string | undefined> = {}): Arrival {
  const scene = decoded(query.scene)
  const link = decoded(query.q)
  const village = /(?:^|&)v=(\d{1,20})(?:&|$)/.exec(scene)?.[1] ?? (/^\d{1,20}$/.test(query.v ?? '') ? query.v : '')
  return { village: village ?? '', card: CARD.exec(link)?.[1] ?? '', page: destinations[query.to as Destination] ?? '' }
}

/**
 * The token of the notice with which its page was opened: t on H5, q where WeChat read the printed notice's code as an ordinary link, scene
 * (n=…) of a mini-program code.
 */
export function noticeIn(query: Record<string, string | undefined> = {}): string {
  const scene = /(?:^|&)n=([A-Za-z0-9_-]{1,26})(?:&|$)/.exec(decoded(query.scene))?.[1]
  return NOTICE.exec(decoded(query.q))?.[1] ?? scene ?? decoded(query.t)
}

/** A value of a page's query: the mini-program hands it over as it stood in the address, H5 read. */
export function decoded(text = ''): string {
  try {
    return decodeURIComponent(text)
  } catch {
    return ''
  }
}
