import { get } from '@/services/request'
import type { Board } from './types'

/** Who is ranked: households, or persons where the village scores persons. */
export type BoardKind = 'households' | 'persons'

export const board = (village: string, kind: BoardKind, span: string, cursor = '') =>
  get<Board>(`/villages/${village}/boards/${kind}`, { span, cursor, limit: 30 })

/** One account and the five on either side of it. */
export const around = (village: string, kind: BoardKind, span: string, account: string) =>
  get<Board>(`/villages/${village}/boards/${kind}/around`, { span, id: account })
