import { get, post } from '@/services/request'
import type { Message, MessagePage } from './types'

/** What happened to the person and the households, the newest first; postings of the passbook are among it. */
export const messages = (cursor: string) => get<MessagePage>('/me/messages', { cursor, limit: 20 })

export const unread = () => get<{ unread: number }>('/me/messages/unread')

/** Everything up to this message has been seen; marks never go back, so nothing needs to be kept and sent again. */
export const markRead = (newest: Message) => post<{ unread: number }>('/me/messages/read', { upto: newest.id })
