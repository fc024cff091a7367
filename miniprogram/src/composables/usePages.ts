import { computed, ref, type Ref } from 'vue'
import type { List } from '@/api/types'
import { messageOf } from '@/services/request'

/** A list that grows page by page as one scrolls; a page without a cursor is the last. */
export function usePages<T>(fetch: (cursor: string) => Promise<List<T>>) {
  const items = ref([]) as Ref<T[]>
  const loading = ref(true)
  const adding = ref(false)
  const error = ref('')
  const cursor = ref('')
  let run = 0

  async function take(from: string): Promise<void> {
    const mine = ++run
    error.value = ''
    try {
      const page = await fetch(from)
      if (mine !== run) return
      items.value = from ? [...items.value, ...page.items] : page.items
      cursor.value = page.next ?? ''
    } catch (e) {
      if (mine === run) error.value = messageOf(e)
    } finally {
      if (mine === run) loading.value = adding.value = false
    }
  }

  /** From the beginning; what is there stays until the new list has come. */
  async function load(): Promise<void> {
    loading.value = items.value.length === 0
    await take('')
  }

  /** The next page, if there is one and none is on its way. */
  async function more(): Promise<void> {
    if (!cursor.value || adding.value || loading.value) return
    adding.value = true
    await take(cursor.value)
  }

  return { items, loading, adding, error, more, load, hasMore: computed(() => cursor.value !== '') }
}
