/**
 * A server for uni.request: answers are given in order. One without status is a network that fails; one that hangs
 * never comes, as when the app was killed.
 */
import { vi } from 'vitest'

export interface Answer {
  status?: number
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
    if (answer?.status) options.success({ statusCode: answer.status, data: answer.body ?? null })
    else options.fail()
  })
})

export const requests = (): Sent[] => request.mock.calls.map(([options]) => options)
