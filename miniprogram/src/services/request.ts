/**
 * The only place that talks to the network. Every call carries the session's token; a 401 is answered once by logging
 * in again without a question and sending the same request anew; everything that goes wrong becomes an ApiError whose
 * message can be shown to a person as it is.
 */

const TOKEN_KEY = 'hefen.token'
const TIMEOUT_MS = 15_000
const UPLOAD_TIMEOUT_MS = 90_000

export type Method = 'GET' | 'POST' | 'PUT' | 'DELETE'
export type Query = Record<string, string | number | undefined>

export interface Call {
  method: Method
  /** Below /api, beginning with a slash. */
  path: string
  query?: Query
  body?: object
  /** Bytes instead of a body of JSON. */
  bytes?: ArrayBuffer
  /** The answer is a file: it comes as an ArrayBuffer. */
  binary?: boolean
}

/** One input that was wrong: JSON path and what to do about it. */
export interface FieldProblem {
  path: string
  msg: string
}

/** A failure that a person can read. status 0 means that no answer came. */
export class ApiError extends Error {
  constructor(
    readonly status: number,
    readonly code: string,
    message: string,
    readonly fields: FieldProblem[] = [],
  ) {
    super(message)
    this.name = 'ApiError'
  }

  /**
   * Whether the server has surely decided against the request. Otherwise (silence, 5xx, and the 4xx that ask to come
   * again) it may have been carried out, or may be later, and must be sent again with the same request_id.
   */
  get definite(): boolean {
    return this.status >= 400 && this.status < 500 && ![401, 408, 425, 429].includes(this.status)
  }
}

/** Where the server is: the page's own origin on H5, a registered domain in the mini-program. */
export function apiBase(): string {
  // #ifdef MP-WEIXIN
  return import.meta.env.VITE_API_BASE || 'https://hefen.invalid/api'
  // #endif
  // #ifndef MP-WEIXIN
  // eslint-disable-next-line no-unreachable
  return '/api'
  // #endif
}

let token = ''
let relogin: (() => Promise<void>) | undefined
let pendingLogin: Promise<void> | undefined

export function currentToken(): string {
  return token || (token = String(uni.getStorageSync(TOKEN_KEY) || ''))
}

/** Keeps a new session's token, or forgets it when empty. */
export function keepToken(value: string): void {
  token = value
  if (value) uni.setStorageSync(TOKEN_KEY, value)
  else uni.removeStorageSync(TOKEN_KEY)
}

/** Tells request how to log in again without asking; the session does this once at start. */
export function onExpired(login: () => Promise<void>): void {
  relogin = login
}

export function request<T>(call: Call): Promise<T> {
  return signedIn(call.path, () => send<T>(call))
}

/** Sends a file of the device, a photo, as the part "file" of a form. */
export function upload<T>(path: string, file: string): Promise<T> {
  return signedIn(path, () => sendFile<T>(path, file))
}

async function signedIn<T>(path: string, attempt: () => Promise<T>): Promise<T> {
  try {
    return await attempt()
  } catch (e) {
    const expired = e instanceof ApiError && e.status === 401 && !path.startsWith('/login')
    if (!expired || !relogin) throw e
    // Many calls may find out at once; they wait for one login.
    pendingLogin ??= relogin().finally(() => (pendingLogin = undefined))
    try {
      await pendingLogin
    } catch {
      throw e
    }
    return attempt()
  }
}

export const get = <T>(path: string, query?: Query) => request<T>({ method: 'GET', path, query })
/** A file: a picture or a workbook. */
export const getFile = (path: string) => request<ArrayBuffer>({ method: 'GET', path, binary: true })
/** A sheet to print whose making changes something: what it made is on the paper alone, so it is asked for once and never again by itself. */
export const postFile = (path: string, body: object) => request<ArrayBuffer>({ method: 'POST', path, body, binary: true })
/** For logging in and out only; every other write goes through services/write. */
export const post = <T>(path: string, body: object = {}) => request<T>({ method: 'POST', path, body })

function send<T>(call: Call): Promise<T> {
  return new Promise<T>((resolve, reject) => {
    const header: Record<string, string> = { Accept: 'application/json' }
    if (call.body) header['Content-Type'] = 'application/json'
    if (call.bytes) header['Content-Type'] = 'application/octet-stream'
    if (currentToken()) header.Authorization = `Bearer ${currentToken()}`
    uni.request({
      url: apiBase() + call.path + queryString(call.query),
      method: call.method,
      data: call.bytes ?? call.body,
      header,
      timeout: call.bytes ? UPLOAD_TIMEOUT_MS : TIMEOUT_MS,
      ...(call.binary ? { responseType: 'arraybuffer' } : {}),
      success: (answer) => {
        if (answer.statusCode >= 200 && answer.statusCode < 300) resolve(answer.data as T)
        else reject(problemOf(answer.statusCode, call.binary ? readable(answer.data) : answer.data))
      },
      fail: () => reject(new ApiError(0, 'network', '网络不通，请看看手机信号，再试一次')),
    })
  })
}

/** A refusal of a file is JSON all the same. Its words are beyond ASCII, which old phones decode only so. */
function readable(data: unknown): unknown {
  try {
    const bytes = new Uint8Array(data as ArrayBuffer)
    const escaped = Array.from(bytes, (b) => `%${b.toString(16).padStart(2, '0')}`).join('')
    return JSON.parse(decodeURIComponent(escaped))
  } catch {
    return null
  }
}

function sendFile<T>(path: string, file: string): Promise<T> {
  return new Promise<T>((resolve, reject) => {
    uni.uploadFile({
      url: apiBase() + path,
      filePath: file,
      name: 'file',
      header: currentToken() ? { Authorization: `Bearer ${currentToken()}` } : {},
      timeout: UPLOAD_TIMEOUT_MS,
      success: (answer) => {
        const data = parsed(answer.data)
        if (answer.statusCode >= 200 && answer.statusCode < 300) resolve(data as T)
        else reject(problemOf(answer.statusCode, data))
      },
      fail: () => reject(new ApiError(0, 'network', '网络不通，照片没有传上，请看看手机信号，再试一次')),
    })
  })
}

/** Answers to uploads come as text. */
function parsed(text: unknown): unknown {
  if (typeof text !== 'string') return text
  try {
    return JSON.parse(text)
  } catch {
    return null
  }
}

function queryString(query: Query = {}): string {
  const parts = Object.entries(query)
    .filter(([, value]) => value !== undefined && value !== '')
    .map(([key, value]) => `${key}=${encodeURIComponent(String(value))}`)
  return parts.length ? `?${parts.join('&')}` : ''
}

function problemOf(status: number, data: unknown): ApiError {
  const problem = (data as { error?: { code?: string; msg?: string; fields?: FieldProblem[] } } | null)?.error
  if (problem?.msg) return new ApiError(status, problem.code ?? '', problem.msg, problem.fields ?? [])
  if (status === 401) return new ApiError(status, 'signed_out', '登录过期了，请重新进入')
  if (status === 429) return new ApiError(status, 'too_many', '点得太快了，请等一会儿再试')
  if (status >= 500) return new ApiError(status, 'server', '服务器正忙，请稍等再试')
  return new ApiError(status, 'unknown', '没有办成，请退回重试')
}

/** What to tell a person about any failure. */
export function messageOf(e: unknown): string {
  if (e instanceof ApiError) return e.fields.length ? `${e.message.replace(/。$/, '')}：${e.fields.map((f) => f.msg).join('；')}` : e.message
  return '出了点问题，请退回重试'
}
