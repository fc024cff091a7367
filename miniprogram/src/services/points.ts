/** Amounts are whole hundredths of a point, as the server counts them; they become decimals only to be read. */

/** The shortest decimal form with groups of thousands: 1250 → "12.5", 1234500 → "12,345". */
export function formatPoints(hundredths: number): string {
  const sign = hundredths < 0 ? '−' : ''
  const size = Math.abs(Math.round(hundredths))
  const whole = String(Math.floor(size / 100)).replace(/\B(?=(\d{3})+$)/g, ',')
  const fraction = String(size % 100).padStart(2, '0').replace(/0+$/, '')
  return sign + whole + (fraction ? `.${fraction}` : '')
}

/** With a plus before gains, for lists where both occur. */
export function signedPoints(hundredths: number): string {
  return (hundredths > 0 ? '+' : '') + formatPoints(hundredths)
}

/** Reads what a person typed: "3", "2.5", "-1". Gives undefined unless it is a number with at most two places. */
export function parsePoints(text: string): number | undefined {
  const match = /^([+\-−]?)(\d{1,8})(?:\.(\d{1,2}))?$/.exec(text.trim())
  if (!match) return undefined
  const size = Number(match[2]) * 100 + Number((match[3] ?? '').padEnd(2, '0'))
  return match[1] === '-' || match[1] === '−' ? -size : size
}

/** How much is missing to a price; 0 when there is enough. */
export function missing(price: number, balance: number): number {
  return Math.max(0, price - balance)
}
