/** Days are "2026-11-21" in Shanghai; instants are milliseconds or RFC 3339 and are shown in Shanghai too. */

const SHANGHAI_MS = 8 * 3600_000

function shanghai(at: number): Date {
  return new Date(at + SHANGHAI_MS)
}

/** The instant of a number of milliseconds or of RFC 3339 text. */
export function instant(value: number | string): number {
  return typeof value === 'number' ? value : Date.parse(value)
}

export function today(now = Date.now()): string {
  return shanghai(now).toISOString().slice(0, 10)
}

export function addDays(day: string, days: number): string {
  return new Date(Date.parse(`${day}T00:00:00Z`) + days * 86_400_000).toISOString().slice(0, 10)
}

/** 11月21日, with the year when it is not this one; 今天 and 昨天 for what is near. */
export function showDay(day: string, now = Date.now()): string {
  const current = today(now)
  if (day === current) return '今天'
  if (day === addDays(current, -1)) return '昨天'
  const [year, month, dom] = day.split('-').map(Number)
  const near = `${month}月${dom}日`
  return day.slice(0, 4) === current.slice(0, 4) ? near : `${year}年${near}`
}

/** 今天 14:05 or 11月21日 14:05. */
export function showInstant(value: number | string, now = Date.now()): string {
  const at = instant(value)
  if (Number.isNaN(at)) return ''
  const local = shanghai(at).toISOString()
  return `${showDay(local.slice(0, 10), now)} ${local.slice(11, 16)}`
}

/** Whole minutes from now until an instant, at least 0. */
export function minutesUntil(value: number | string, now = Date.now()): number {
  return Math.max(0, Math.ceil((instant(value) - now) / 60_000))
}

/** A month "2026-11" some months on. */
export function addMonths(month: string, by: number): string {
  const [year = 0, m = 1] = month.split('-').map(Number)
  const at = year * 12 + m - 1 + by
  return `${Math.floor(at / 12)}-${String((at % 12) + 1).padStart(2, '0')}`
}

/** 2026年11月 */
export function showMonth(month: string): string {
  const [year, m] = month.split('-').map(Number)
  return `${year}年${m}月`
}
