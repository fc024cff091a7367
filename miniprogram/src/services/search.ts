/** Finding a rule by words, or by the first letters of its pinyin, which the server sends beside the rules. */
import type { Item } from '@/api/types'
import { matching } from './items'

export function searched(items: Item[], inClass: string, query: string, initials: Record<string, string> = {}): Item[] {
  const letters = query.trim().toLowerCase()
  if (!/^[a-z]+$/.test(letters)) return matching(items, inClass, query)
  const byWords = matching(items, inClass, query)
  return items.filter((i) => byWords.includes(i) || ((!inClass || i.class === inClass) && (initials[i.code] ?? '').includes(letters)))
}
