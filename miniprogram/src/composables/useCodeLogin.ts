import { computed, onUnmounted, ref } from 'vue'
import { askCode } from '@/api/account'
import { randomId } from '@/services/random'
import { ApiError, messageOf } from '@/services/request'
import { loginByCode, type Signed } from '@/services/session'

/**
 * Logging in with a code to the phone. A press whose answer was lost sends the same request again, which sends no second
 * message; the seconds until another code run by the clock, also while the page sleeps.
 */
export function useCodeLogin() {
  const phone = ref('')
  const code = ref('')
  /** The number to which a code is on its way; empty before. */
  const sentTo = ref('')
  const busy = ref(false)
  const message = ref('')
  const now = ref(Date.now())
  const nextAt = ref(0)
  const left = computed(() => Math.max(0, Math.ceil((nextAt.value - now.value) / 1000)))
  let request = { id: '', phone: '' }
  const timer = setInterval(() => (now.value = Date.now()), 500)
  onUnmounted(() => clearInterval(timer))

  function waitFor(seconds: number): void {
    now.value = Date.now()
    nextAt.value = now.value + seconds * 1000
  }

  async function ask(): Promise<void> {
    const number = phone.value.replace(/\D/g, '')
    if (busy.value || (left.value > 0 && sentTo.value === number)) return
    message.value = ''
    if (!/^1[3-9]\d{9}$/.test(number)) {
      message.value = '手机号是11位数字，请再看一看'
      return
    }
    busy.value = true
    try {
      if (request.phone !== number) request = { id: await randomId(), phone: number }
      const answer = await askCode(request.id, number)
      request = { id: '', phone: '' }
      sentTo.value = number
      code.value = ''
      waitFor(answer.resend_after)
    } catch (e) {
      message.value = messageOf(e)
      const answered = e instanceof ApiError && (e.definite || e.status === 429 || e.code === 'access_code_refused')
      if (answered) request = { id: '', phone: '' }
      // One was sent within the last minute, perhaps before this page was opened: it can be filled in.
      if (e instanceof ApiError && e.code === 'access_code_soon') {
        sentTo.value = number
        waitFor(60)
      }
    } finally {
      busy.value = false
    }
  }

  async function submit(): Promise<Signed | undefined> {
    if (busy.value) return undefined
    message.value = ''
    busy.value = true
    try {
      return await loginByCode(sentTo.value, code.value.trim())
    } catch (e) {
      message.value = messageOf(e)
      code.value = ''
      return undefined
    } finally {
      busy.value = false
    }
  }

  /** Back to the number. */
  function change(): void {
    sentTo.value = ''
    code.value = ''
    message.value = ''
  }

  return { phone, code, sentTo, busy, message, left, ask, submit, change }
}
