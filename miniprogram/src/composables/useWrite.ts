import { ref } from 'vue'
import { messageOf, type Method } from '@/services/request'
import { StillPending, write } from '@/services/write'
import { countWaiting, userId } from '@/services/session'

/**
 * One write of a page at a time: a second press while the first is on its way does nothing. message is what to show
 * when it was refused, waiting when nobody knows yet and it will be sent again.
 */
export function useWrite() {
  const busy = ref(false)
  const message = ref('')
  const waiting = ref(false)

  async function send<T>(path: string, body: object, label: string, method: Method = 'POST'): Promise<T | undefined> {
    if (busy.value) return undefined
    busy.value = true
    message.value = ''
    waiting.value = false
    try {
      return await write<T>(path, body, { label, user: userId(), method })
    } catch (e) {
      waiting.value = e instanceof StillPending
      message.value = e instanceof StillPending ? e.message : messageOf(e)
      return undefined
    } finally {
      busy.value = false
      countWaiting()
    }
  }

  return { busy, message, waiting, send }
}
