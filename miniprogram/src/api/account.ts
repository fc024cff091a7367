import { get, post } from '@/services/request'
import type { Consent, Device, HouseholdExport, Identity, PinState, Ways } from './types'

export const ways = () => get<Ways>('/login/ways')

export interface CodeAsked {
  resend_after: number
  minutes: number
  digits: number
}

/** The same request_id is answered again and sends nothing. */
export const askCode = (requestId: string, phone: string) => post<CodeAsked>('/login/code', { request_id: requestId, phone })

export const identities = () => get<{ items: Identity[] }>('/me/identities')
export const sessions = () => get<{ items: Device[] }>('/me/sessions')
export const endSession = (ref: string) => post<object>(`/me/sessions/${ref}/end`)
export const consents = () => get<{ items: Consent[] }>('/me/consents')
export const closeAccount = (confirm: string) => post<object>('/me/close', { confirm })

export const pinPath = (village: string, household: string, step: '' | '/remove' | '/issue' | '/unlock' = '') =>
  `/villages/${village}/households/${household}/pin${step}`
export const pinState = (village: string, household: string) => get<PinState>(pinPath(village, household))

export const exportAccount = () => get<object>('/me/export')
export const exportHousehold = (village: string, household: string) =>
  get<HouseholdExport>(`/villages/${village}/households/${household}/export`)
export const excelPath = (village: string, household: string) => `/villages/${village}/households/${household}/export/excel`
export const miniCodePath = (village: string) => `/villages/${village}/mini-code`
