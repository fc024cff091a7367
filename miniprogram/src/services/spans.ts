/** Stretches of the calendar as boards name them: "2026", "2026H2", "2026Q3", "2026-11", a village's own dates "20251101-20261031". */
import { today } from './dates'

export type SpanKind = 'year' | 'half' | 'quarter' | 'month'

export const spanKinds: { value: SpanKind; name: string }[] = [
  { value: 'year', name: '年' },
  { value: 'half', name: '半年' },
  { value: 'quarter', name: '季' },
  { value: 'month', name: '月' },
]

const perYear: Record<SpanKind, number> = { year: 1, half: 2, quarter: 4, month: 12 }

/** The span of a kind so many before (below 0) the one that runs now. */
export function spanAt(kind: SpanKind, back = 0, now = Date.now()): string {
  const [year = 0, month = 1] = today(now).split('-').map(Number)
  const parts = perYear[kind]
  const at = year * parts + Math.floor(((month - 1) * parts) / 12) + back
  const part = (at % parts) + 1
  const ofYear = String(Math.floor(at / parts))
  if (kind === 'year') return ofYear
  if (kind === 'half') return `${ofYear}H${part}`
  if (kind === 'quarter') return `${ofYear}Q${part}`
  return `${ofYear}-${String(part).padStart(2, '0')}`
}

const QUARTERS = ['一', '二', '三', '四']

/** A span of the village's own dates. */
export const isOwnSpan = (span: string): boolean => /^\d{8}-\d{8}$/.test(span)

/** The year in which a span ends. */
export const spanYear = (span: string): string => (isOwnSpan(span) ? span.slice(9, 13) : span.slice(0, 4))

function ownName(span: string): string {
  const day = (from: number, year: boolean) => `${year ? `${span.slice(from, from + 4)}年` : ''}${Number(span.slice(from + 4, from + 6))}月${Number(span.slice(from + 6, from + 8))}日`
  return `${day(0, true)}至${day(9, span.slice(0, 4) !== span.slice(9, 13))}`
}

/** How people say it: 2026年, 2026年下半年, 2026年第三季度, 2026年11月, 2025年11月1日至2026年10月31日. */
export function spanName(span: string): string {
  if (isOwnSpan(span)) return ownName(span)
  const [, year, kind, part] = /^(\d{4})([HQ-])?(\d+)?$/.exec(span) ?? []
  if (!year) return span
  if (kind === 'H') return `${year}年${part === '1' ? '上' : '下'}半年`
  if (kind === 'Q') return `${year}年第${QUARTERS[Number(part) - 1] ?? part}季度`
  return kind === '-' ? `${year}年${Number(part)}月` : `${year}年`
}

/** What the span before is called beside one of this kind: 比上个月升3位. */
export const spanBefore: Record<SpanKind | 'own', string> = { year: '去年', half: '上个半年', quarter: '上一季', month: '上个月', own: '上一期' }
