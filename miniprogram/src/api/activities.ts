import { get } from '@/services/request'
import type { Activity, Attendee, EventSecret, List } from './types'

const base = (village: string) => `/villages/${village}/activities`

/** Paths of the writes, which go through services/write. */
export const activityPaths = {
  call: base,
  cancel: (village: string, id: string) => `${base(village)}/${id}/cancel`,
  checkIn: (village: string, id: string) => `${base(village)}/${id}/checkins`,
  enter: (village: string, id: string) => `${base(village)}/${id}/attendees`,
  mark: (village: string, id: string) => `${base(village)}/${id}/attendees/mark`,
  close: (village: string, id: string) => `${base(village)}/${id}/close`,
}

export const activities = (village: string, cursor: string) => get<List<Activity>>(base(village), { cursor, limit: 20 })
export const activity = (village: string, id: string) => get<Activity>(`${base(village)}/${id}`)
export const attendees = (village: string, id: string, cursor: string) => get<List<Attendee>>(`${base(village)}/${id}/attendees`, { cursor, limit: 100 })
export const eventSecret = (village: string, id: string) => get<EventSecret>(`${base(village)}/${id}/code`)
