import { get } from '@/services/request'
import type { Board } from './types'

/** Who is ranked: households, or persons where the village scores persons; groups; members of the party and leaders of groups apart. */
export type BoardKind = 'households' | 'persons' | 'groups' | 'party' | 'leaders'

/** Which board: of whom, for what time, and of one class of deeds when it is not empty. */
export interface BoardView {
  kind: BoardKind
  span: string
  cls: string
}

const path = (village: string, kind: BoardKind) => `/villages/${village}/boards/${kind}`

export const board = (village: string, view: BoardView, cursor = '') =>
  get<Board>(path(village, view.kind), { span: view.span, class: view.cls, cursor, limit: 30 })

/** One account and the five on either side of it. */
export const around = (village: string, view: BoardView, account: string) =>
  get<Board>(`${path(village, view.kind)}/around`, { span: view.span, class: view.cls, id: account })
