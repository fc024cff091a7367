import { computed, ref, watch } from 'vue'

const STEP = 60

/** Of a long list that is here as a whole: what fits the words typed, some at a time. */
export function useFound<T>(all: () => T[], wordsOf: (item: T) => (string | undefined)[], step = STEP) {
  const query = ref('')
  const count = ref(step)
  const found = computed(() => {
    const q = query.value.trim().toLowerCase()
    return q ? all().filter((item) => wordsOf(item).some((w) => w?.toLowerCase().includes(q))) : all()
  })
  const shown = computed(() => found.value.slice(0, count.value))
  /** How many more the next press shows; 0 at the end. */
  const rest = computed(() => Math.min(step, found.value.length - shown.value.length))
  watch(query, () => (count.value = step))

  const more = (): void => void (count.value += step)
  const again = (): void => {
    query.value = ''
    count.value = step
  }
  return { query, found, shown, rest, more, again }
}
