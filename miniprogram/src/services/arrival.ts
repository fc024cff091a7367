/** What a code that opened the app says: a village's mini-program code, or a household's card read as an ordinary link. */

export interface Arrival {
  /** The village whose code was scanned, or empty. */
  village: string
  /** The code of a household's card, or empty. */
  card: string
}

const CARD = /\/k\/(HF1-[A-Za-z0-9_-]{22})$/

/** From the query of the page: scene of a mini-program code (v=<village>), q of an ordinary link, v on H5. */
export function arrival(query: Record<string, string | undefined> = {}): Arrival {
  const scene = decoded(query.scene)
  const link = decoded(query.q)
  const village = /(?:^|&)v=(\d{1,20})(?:&|$)/.exec(scene)?.[1] ?? (/^\d{1,20}$/.test(query.v ?? '') ? query.v : '')
  return { village: village ?? '', card: CARD.exec(link)?.[1] ?? '' }
}

/** A value of a page's query: the mini-program hands it over as it stood in the address, H5 read. */
export function decoded(text = ''): string {
  try {
    return decodeURIComponent(text)
  } catch {
    return ''
  }
}
