import { showDay } from '@/services/dates'
import { get, getFile } from '@/services/request'
import type { List, Notice, NoticePage, NoticePreview, SealProof } from './types'

export const notices = (village: string, cursor: string) => get<List<Notice>>(`/villages/${village}/notices`, { cursor, limit: 20 })

/** Path of publishing, which goes through services/write. */
export const noticesPath = (village: string) => `/villages/${village}/notices`
export const correctionPath = (village: string, id: string) => `/villages/${village}/notices/${id}/corrections`

/** What a notice of a stretch of days would say. */
export const noticePreview = (village: string, from: string, to: string, group: string) =>
  get<NoticePreview>(`/villages/${village}/notice-preview`, { from, to, group: group || undefined })

/** A notice with what has become of its lines. */
export const notice = (village: string, id: string) => get<NoticePage>(`/villages/${village}/notices/${id}`)

/** The same for whoever holds its link. */
export const publicNotice = (token: string) => get<NoticePage>(`/public/notices/${token}`)

/** The long picture for the village's chat group, or the PDF. */
export const noticePath = (village: string, id: string, kind: 'picture' | 'pdf' | 'page') => `/villages/${village}/notices/${id}/${kind}`
export const noticeFile = (village: string, id: string, kind: 'picture' | 'pdf') => getFile(noticePath(village, id, kind))

/** Where an event of the passbook stands in the seal of so many entries. */
export const sealProof = (village: string, household: string, posting: string, size: number) =>
  get<SealProof>(`/villages/${village}/households/${household}/entries/${posting}/proof`, { size })

export const namePath = (village: string, household: string) => `/villages/${village}/households/${household}/notice-name`
export const hidePath = (village: string, household: string) => `/villages/${village}/households/${household}/hidden-records`
export const noticeName = (village: string, household: string) => get<{ masked: boolean; by_rule: boolean }>(namePath(village, household))

/** Until when somebody may object, or that it is over. */
export const objectWords = (n: { open: boolean; object_until: string }) => (n.open ? `提异议到${showDay(n.object_until)}为止` : '提异议的日子已经过了')
