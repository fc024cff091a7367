/** Finding a rule and reading its worth. */
import type { Item } from '@/api/types'

/** Whether the item can only take points away. */
export function deducts(item: Item): boolean {
  const { value } = item
  const worth = [value.points, value.from, value.to, ...(value.grades ?? []).map((g) => g.points), ...(value.steps ?? []).map((s) => s.points)]
  const known = worth.filter((n): n is number => n !== undefined)
  return known.some((n) => n < 0) && known.every((n) => n <= 0)
}

/** Items of a class (all when empty) in whose words every word of the query occurs. */
export function matching(items: Item[], inClass: string, query: string): Item[] {
  const words = query.trim().split(/\s+/).filter(Boolean)
  return items.filter((item) => {
    if (inClass && item.class !== inClass) return false
    const text = `${item.name} ${item.hint ?? ''} ${item.words.class}`
    return words.every((word) => text.includes(word))
  })
}

/** Whether a whole group can be gone through with this item: each household gets a grade. */
export function inspectable(item: Item): boolean {
  return item.value.kind === 'grades'
}

const QUANTIFIED = ['steps', 'per_unit', 'brackets', 'milestones', 'faults']

/** Whether the worth depends on a quantity that has to be told. */
export function quantified(item: Item): boolean {
  return QUANTIFIED.includes(item.value.kind)
}

/** Whether it is worth so much for each who took part, named or counted. */
export function counted(item: Item): boolean {
  return item.value.kind === 'per_person'
}

/** Whether the rules fix what it is worth, so that nothing is told of it. */
export function fixed(item: Item): boolean {
  return item.value.kind === 'fixed' || item.value.kind === 'streak'
}
