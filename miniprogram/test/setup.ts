import { afterEach, beforeEach, vi } from 'vitest'

/** The device's storage; it survives a "restart" of the modules within one test and is emptied between tests. */
export const store = new Map<string, unknown>()

/** With what pages are opened; emptied between tests. */
export const pageQuery: Record<string, string> = {}

const uniFake = {
  getStorageSync: (key: string) => store.get(key) ?? '',
  setStorageSync: (key: string, value: unknown) => void store.set(key, JSON.parse(JSON.stringify(value))),
  removeStorageSync: (key: string) => void store.delete(key),
  getStorageInfoSync: () => ({
    keys: [...store.keys()],
    currentSize: Math.ceil([...store.values()].reduce<number>((sum, v) => sum + JSON.stringify(v).length, 0) / 1024),
    limitSize: 10_240,
  }),
  navigateTo: vi.fn(),
  navigateBack: vi.fn(),
  reLaunch: vi.fn(),
  switchTab: vi.fn(),
  showToast: vi.fn(),
  setNavigationBarTitle: vi.fn(),
  onNetworkStatusChange: vi.fn(),
  login: vi.fn(),
  request: vi.fn(),
  uploadFile: vi.fn(),
  chooseImage: vi.fn(),
  base64ToArrayBuffer: (text: string) => Uint8Array.from(atob(text), (c) => c.charCodeAt(0)).buffer,
  arrayBufferToBase64: (bytes: ArrayBuffer) => btoa(String.fromCharCode(...new Uint8Array(bytes))),
}

Object.assign(globalThis, { uni: uniFake })

// Page hooks run as the component's own: shown once when mounted.
vi.mock('@dcloudio/uni-app', async () => {
  const { onMounted } = await import('vue')
  return {
    onShow: (hook: () => void) => onMounted(hook),
    onLoad: (hook: (query: object) => void) => onMounted(() => hook(pageQuery)),
    onLaunch: (hook: () => void) => onMounted(hook),
    onReachBottom: () => undefined,
    onPullDownRefresh: () => undefined,
    onUnload: () => undefined,
    onHide: () => undefined,
    onShareAppMessage: () => undefined,
  }
})



beforeEach(() => {
  store.clear()
  for (const key of Object.keys(pageQuery)) delete pageQuery[key]
  vi.clearAllMocks()
  vi.resetModules()
})
afterEach(() => {
  vi.useRealTimers()
})
