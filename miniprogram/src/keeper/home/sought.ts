/** What somebody typed at the counter may be, the likeliest first: the code of a card or a phone, a household's number, a name. */
export type Sought = 'code' | 'number' | 'name'

const CODE = /HF[12]-|^\d{8}[- ]?\d{8}$/

export function soughtBy(text: string): Sought[] {
  if (CODE.test(text)) return ['code']
  return /\d/.test(text) ? ['number', 'name'] : ['name', 'number']
}
