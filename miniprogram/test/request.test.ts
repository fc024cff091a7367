import { beforeEach, describe, expect, it, vi } from 'vitest'
import { answers, requests } from './server'

/** The module keeps the token: each test has its own copy, as a freshly started app has. */
async function fresh() {
  vi.resetModules()
  return import('@/services/request')
}

describe('request', () => {
  beforeEach(() => answers.length = 0)

  it('carries the token and gives the body', async () => {
    const { get, keepToken } = await fresh()
    keepToken('t1')
    answers.push({ status: 200, body: { name: '林源村' } })
    expect(await get('/villages/7', { q: '张 三', cursor: '' })).toEqual({ name: '林源村' })
    expect(requests()[0]).toMatchObject({ header: { Authorization: 'Bearer t1' } })
    expect(requests()[0]?.url).toMatch(/\/api\/villages\/7\?q=%E5%BC%A0%20%E4%B8%89$/)
  })

  it('logs in again once on 401 and sends the same request anew', async () => {
    const { get, keepToken, onExpired } = await fresh()
    keepToken('old')
    const login = vi.fn(async () => keepToken('new'))
    onExpired(login)
    answers.push({ status: 401 }, { status: 200, body: { ok: true } })
    expect(await get('/me')).toEqual({ ok: true })
    expect(login).toHaveBeenCalledTimes(1)
    expect(requests().map((r) => r.header.Authorization)).toEqual(['Bearer old', 'Bearer new'])
  })

  it('logs in once for several calls that find out together', async () => {
    const { get, onExpired } = await fresh()
    const login = vi.fn(async () => undefined)
    onExpired(login)
    answers.push({ status: 401 }, { status: 401 }, { status: 200, body: 1 }, { status: 200, body: 2 })
    await Promise.all([get('/a'), get('/b')])
    expect(login).toHaveBeenCalledTimes(1)
  })

  it('does not try twice: a second 401 is the answer', async () => {
    const { get, onExpired } = await fresh()
    onExpired(async () => undefined)
    answers.push({ status: 401 }, { status: 401 })
    await expect(get('/me')).rejects.toMatchObject({ status: 401 })
    expect(requests()).toHaveLength(2)
  })

  it('gives the first 401 when logging in again fails', async () => {
    const { get, onExpired } = await fresh()
    onExpired(async () => Promise.reject(new Error('no')))
    answers.push({ status: 401, body: { error: { code: 'access_sign_in', msg: '请先登录' } } })
    await expect(get('/me')).rejects.toMatchObject({ code: 'access_sign_in', message: '请先登录' })
  })

  it('shows the sentence of the server, and of each wrong field', async () => {
    const { get, messageOf } = await fresh()
    const error = { code: 'invalid', msg: '请改正', fields: [{ path: 'body.note', msg: '说明太长' }] }
    answers.push({ status: 422, body: { error } })
    const failure = await get('/x').catch((e: unknown) => e)
    expect(messageOf(failure)).toBe('请改正：说明太长')
  })

  it.each([
    [400, true], [401, false], [403, true], [404, true], [408, false], [409, true], [422, true], [425, false], [429, false],
    [500, false], [502, false], [0, false],
  ])('a %d is definite: %s', async (status, definite) => {
    const { ApiError } = await fresh()
    expect(new ApiError(status, '', '').definite).toBe(definite)
  })
})
