/**
 * A server for uni.request: answers are given in order. One without status is a network that fails; one that hangs
 * never comes, as when the app was killed.
 */
import { vi } from 'vitest'

export interface Answer {
  status?: number
  /** What is answered, or what makes it of the request. */
  body?: unknown
  hangs?: boolean
}

interface Sent {
  url: string
  method: string
  data: Record<string, unknown>
  header: Record<string, string>
}

interface Options extends Sent {
  success(r: { statusCode: number; data: unknown }): void
  fail(): void
}

export const answers: Answer[] = []

const request = vi.mocked(uni.request as unknown as (o: Options) => void)

request.mockImplementation((options) => {
  const answer = answers.shift()
  if (answer?.hangs) return
  queueMicrotask(() => {
    const body = typeof answer?.body === 'function' ? (answer.body as (sent: Sent) => unknown)(options) : answer?.body
    if (answer?.status) options.success({ statusCode: answer.status, data: body ?? null })
    else options.fail()
  })
})

/** Answers every draft of a call to sync alike. */
export const synced = (what: object) => (sent: Sent) => ({
  drafts: (sent.data.drafts as { request_id: string }[]).map((d) => ({ request_id: d.request_id, ...what })),
  server_now: 0,
  clock_ahead: 0,
})

export const requests = (): Sent[] => request.mock.calls.map(([options]) => options)
