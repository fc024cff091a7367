import { get } from '@/services/request'
import type { QuietHomes, RegionFigures, VillageFigures } from './types'

/** How a village is doing in a year ("2026") or a month ("2026-11"). */
export const villageFigures = (village: string, span: string) => get<VillageFigures>(`/villages/${village}/figures`, { span })

/** The same for a town or county, by towns or villages in the order of their codes. */
export const regionFigures = (region: string, span: string, by: 'town' | 'village' | '' = '') => get<RegionFigures>(`/regions/${region}/figures`, by ? { span, by } : { span })

/** Households without any record in the span. */
export const quietHomes = (village: string, span: string) => get<QuietHomes>(`/villages/${village}/quiet-households`, { span })

/** Paths of files, for services/files. */
export const reportPath = (village: string, span: string, kind: 'excel' | 'pdf') => `/villages/${village}/report/${kind}?span=${span}`
