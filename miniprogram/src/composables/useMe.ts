import { onShow } from '@dcloudio/uni-app'
import { ref } from 'vue'
import { ApiError, messageOf } from '@/services/request'
import { ensureMe } from '@/services/session'
import { restart } from '@/services/nav'

/**
 * For pages that need to know who is here: each time the page is shown, makes sure of the person and then loads. Who
 * cannot be logged in without a question is led to the entrance.
 */
export function useMe(load: () => Promise<unknown> | void) {
  const entering = ref(true)
  const entryError = ref('')

  async function enter(): Promise<void> {
    entryError.value = ''
    try {
      await ensureMe()
      entering.value = false
      await load()
    } catch (e) {
      if (e instanceof ApiError && e.status === 401) return restart('/pages/enter/index')
      entryError.value = messageOf(e)
      entering.value = false
    }
  }

  onShow(() => void enter())
  return { entering, entryError, enter }
}
