import { get } from '@/services/request'
import type { Group, Household, List, Passbook, Scheme, Entry, Persona } from './types'

export const personas = () => get<{ items: Persona[] }>('/demo/personas')

export const groups = (village: string) => get<{ items: Group[] }>(`/villages/${village}/groups`)

export interface HouseholdFilter {
  /** name, first letters of its pinyin, or number */
  q?: string
  group?: string
  cursor?: string
  limit?: number
}

export const households = (village: string, filter: HouseholdFilter) =>
  get<List<Household>>(`/villages/${village}/households`, { ...filter })

export const scheme = (village: string) => get<Scheme>(`/villages/${village}/scheme`)

export const passbook = (village: string, household: string) =>
  get<Passbook>(`/villages/${village}/households/${household}/passbook`)

export const entries = (village: string, household: string, cursor: string) =>
  get<List<Entry>>(`/villages/${village}/households/${household}/entries`, { cursor, limit: 20 })
