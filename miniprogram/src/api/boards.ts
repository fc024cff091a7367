import { get } from '@/services/request'
import type { Board } from './types'

export const board = (village: string, span: string, cursor = '') =>
  get<Board>(`/villages/${village}/boards/households`, { span, cursor, limit: 30 })

/** One household and the five on either side of it. */
export const around = (village: string, span: string, household: string) =>
  get<Board>(`/villages/${village}/boards/households/around`, { span, id: household })
