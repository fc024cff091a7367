/** What pages of villagers and keepers say of goods. */
import type { Goods } from '@/api/types'

const spans: Record<string, string> = { day: '每天', week: '每周', month: '每月', quarter: '每季度', year: '每年' }

/** 每户每月限2瓶, or nothing. */
export function limitWords(g: Goods): string {
  return g.terms?.limit_qty ? `每户${spans[g.terms.limit_span ?? ''] ?? ''}限${g.terms.limit_qty}${g.unit}` : ''
}

/** Goods and how many of each; a number is never parted from its goods by the end of a line. */
export const listed = (lines: { name: string; qty: number }[]) => lines.map((l) => `${l.name}\u2060×${l.qty}`).join('、')
