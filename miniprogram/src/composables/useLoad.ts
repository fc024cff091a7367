import { ref, type Ref } from 'vue'
import { messageOf } from '@/services/request'

/** Something fetched for a page: what came, whether it is on its way, and what to tell a person when it failed. */
export interface Load<T> {
  data: Ref<T | undefined>
  loading: Ref<boolean>
  error: Ref<string>
  /** Fetches (again). What is there stays on the page meanwhile; of two runs the later one counts. */
  load(): Promise<void>
}

export function useLoad<T>(fetch: () => Promise<T>): Load<T> {
  const data = ref() as Ref<T | undefined>
  const loading = ref(true)
  const error = ref('')
  let run = 0

  async function load(): Promise<void> {
    const mine = ++run
    loading.value = data.value === undefined
    error.value = ''
    try {
      const result = await fetch()
      if (mine === run) data.value = result
    } catch (e) {
      if (mine === run) error.value = messageOf(e)
    } finally {
      if (mine === run) loading.value = false
    }
  }

  return { data, loading, error, load }
}
