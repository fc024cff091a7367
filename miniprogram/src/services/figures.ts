/** What figures say at a glance: how they changed, and how long their bars are. */

/** "比去年多3户", "比上个月少2户", "和去年一样"; nothing where there was nothing before. */
export function change(now: number, before: number, since: string, unit: string, show: (n: number) => string = String): string {
  if (before === 0) return ''
  if (now === before) return `和${since}一样`
  return `比${since}${now > before ? '多' : '少'}${show(Math.abs(now - before))}${unit}`
}

/** A bar's length in hundredths of the longest, never below 0; what is there at all is seen. */
export function bar(value: number, most: number): number {
  if (value <= 0 || most <= 0) return 0
  return Math.max(2, Math.round((value * 100) / most))
}

/** One bar of a chart: its words say everything, its colour nothing more. */
export interface Bar {
  name: string
  /** Length against the others. */
  value: number
  text: string
  /** The second bar under it, in a pattern of its own. */
  second?: number
  secondText?: string
}

/** The month of "2026-05": 5月; January carries its year. */
export function monthName(month: string): string {
  const [year, n] = month.split('-').map(Number)
  return n === 1 ? `${year}年1月` : `${n}月`
}
