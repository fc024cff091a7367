import { beforeEach, describe, expect, it, vi } from 'vitest'

interface Sent {
  url: string
  filePath: string
  header: Record<string, string>
  success: (answer: { statusCode: number; data: string }) => void
  fail: () => void
}

/** Answers the tries one after the other; 0 is silence. */
function server(...statuses: number[]): Sent[] {
  const sent: Sent[] = []
  vi.mocked(uni.uploadFile).mockImplementation(((call: Sent) => {
    sent.push(call)
    const status = statuses.shift() ?? 0
    const body = status === 200 ? { photo: '9' } : { error: { code: 'x', msg: '照片太大' } }
    queueMicrotask(() => (status ? call.success({ statusCode: status, data: JSON.stringify(body) }) : call.fail()))
  }) as never)
  return sent
}

describe('photos', () => {
  beforeEach(() => void vi.useFakeTimers())

  it('are sent with the session, again after silence', async () => {
    const { keepToken } = await import('@/services/request')
    const { sendPhoto } = await import('@/services/photos')
    keepToken('t1')
    const sent = server(0, 503, 200)
    const photo = sendPhoto('7', 'blob:1')
    await vi.runAllTimersAsync()
    expect(await photo).toBe('9')
    expect(sent).toHaveLength(3)
    expect(sent[0]).toMatchObject({ filePath: 'blob:1', header: { Authorization: 'Bearer t1' } })
    expect(sent[0]?.url).toMatch(/\/api\/villages\/7\/photos$/)
  })

  it('are not sent again when the server has refused them', async () => {
    const { sendPhoto } = await import('@/services/photos')
    const sent = server(413)
    await expect(sendPhoto('7', 'blob:1')).rejects.toMatchObject({ status: 413, message: '照片太大' })
    expect(sent).toHaveLength(1)
  })

  it('give up after three tries with a sentence that says what to do', async () => {
    const { sendPhoto } = await import('@/services/photos')
    const sent = server(0, 0, 0)
    const photo = sendPhoto('7', 'blob:1').catch((e: Error) => e.message)
    await vi.runAllTimersAsync()
    expect(await photo).toMatch('照片没有传上')
    expect(sent).toHaveLength(3)
  })

  it('log in again once when the session has ended', async () => {
    const { keepToken, onExpired } = await import('@/services/request')
    const { sendPhoto } = await import('@/services/photos')
    onExpired(async () => keepToken('new'))
    const sent = server(401, 200)
    expect(await sendPhoto('7', 'blob:1')).toBe('9')
    expect(sent[1]?.header.Authorization).toBe('Bearer new')
  })

  it('are opened where the server is', async () => {
    const { photoAddress } = await import('@/services/photos')
    expect(photoAddress('/api/photos/abc')).toMatch(/^(https?:\/\/[^/]+)?\/api\/photos\/abc$/)
  })
})
