/**
 * The wx.* calls that our pages use, on a browser's means. Requests go to the page's own origin whatever host the build
 * names. Calls that are not here are undefined, as on an old phone, and are listed in globalThis.weappMissing.
 */
export function createWx({ data, pages }) {
  globalThis.weappMissing = new Set()
  return new Proxy({ ...network(), ...storage(), ...files(), ...device(data), ...navigation(pages), ...feedback() }, {
    get(target, name) {
      if (name in target) return target[name]
      if (typeof name === 'string' && /^(on|off)[A-Z]/.test(name)) return () => undefined
      globalThis.weappMissing.add(name)
      return undefined
    },
  })
}

/** WeChat's manner of answering: callbacks if given, a promise in any case. */
function answer(options, result) {
  options?.success?.(result)
  options?.complete?.(result)
  return Promise.resolve(result)
}

function refuse(options, errMsg) {
  options?.fail?.({ errMsg })
  options?.complete?.({ errMsg })
}

function network() {
  return {
    request(options) {
      const url = new URL(options.url)
      const method = (options.method ?? 'GET').toUpperCase()
      const bytes = options.data instanceof ArrayBuffer
      const body = method === 'GET' || options.data === undefined ? undefined : bytes ? options.data : JSON.stringify(options.data)
      fetch(url.pathname + url.search, { method, headers: options.header, body })
        .then(async (response) => answer(options, { statusCode: response.status, data: options.responseType === 'arraybuffer' ? await response.arrayBuffer() : parsed(await response.text()), header: {} }))
        .catch((error) => refuse(options, `request:fail ${error}`))
      return { abort() {}, onHeadersReceived() {}, offHeadersReceived() {}, onChunkReceived() {}, offChunkReceived() {} }
    },
    onNetworkStatusChange(then) {
      addEventListener('online', () => then({ isConnected: true, networkType: 'wifi' }))
      addEventListener('offline', () => then({ isConnected: false, networkType: 'none' }))
    },
    getNetworkType: (options) => answer(options, { networkType: 'wifi' }),
    /** The code stands for the WeChat user of this phone; the test chooses it. */
    login: (options) => answer(options, { code: localStorage.getItem('weapp-code') ?? 'nobody', errMsg: 'login:ok' }),
  }
}

function parsed(text) {
  try {
    return JSON.parse(text)
  } catch {
    return text
  }
}

function storage() {
  const key = (name) => `mp:${name}`
  const get = (name) => JSON.parse(localStorage.getItem(key(name)) ?? '""')
  const set = (name, value) => localStorage.setItem(key(name), JSON.stringify(value))
  return {
    getStorageSync: get,
    setStorageSync: set,
    removeStorageSync: (name) => localStorage.removeItem(key(name)),
    getStorage: (options) => answer(options, { data: get(options.key) }),
    setStorage: (options) => answer(options, void set(options.key, options.data)),
    getStorageInfoSync: () => {
      const keys = Object.keys(localStorage).filter((k) => k.startsWith('mp:'))
      const chars = keys.reduce((sum, k) => sum + localStorage.getItem(k).length, 0)
      return { keys: keys.map((k) => k.slice(3)), currentSize: Math.ceil(chars / 1024), limitSize: 10240 }
    },
  }
}

/** Pictures and the folder of the mini-program. Files are kept in localStorage, so that they survive a killed app. */
function files() {
  const env = { USER_DATA_PATH: 'wxfile://usr' }
  const key = (path) => `file:${path}`
  const there = (path) => localStorage.getItem(key(path)) !== null
  const bytesOf = (path) => Uint8Array.from(atob(localStorage.getItem(key(path))), (c) => c.charCodeAt(0)).buffer
  const write = (path, data) => localStorage.setItem(key(path), btoa(Array.from(typeof data === 'string' ? new TextEncoder().encode(data) : new Uint8Array(data), (b) => String.fromCharCode(b)).join('')))
  /** What the person is shown, or sends on, is noted in globalThis.weappShown. */
  const shown = (path) => {
    if (there(path)) globalThis.weappShown = { path, text: localStorage.getItem(key(path)) }
    return {}
  }
  const manager = {
    mkdirSync: () => undefined,
    readdirSync: (folder) => Object.keys(localStorage).filter((k) => k.startsWith(key(`${folder}/`))).map((k) => k.slice(key(`${folder}/`).length)),
    statSync: (path) => ({ size: bytesOf(path).byteLength }),
    writeFileSync: write,
    unlinkSync: (path) => localStorage.removeItem(key(path)),
    readFile: (options) => (there(options.filePath) ? answer(options, { data: bytesOf(options.filePath) }) : refuse(options, 'readFile:fail')),
  }
  return {
    env,
    getFileSystemManager: () => manager,
    /** The test says which bytes the camera takes; each picture is another. */
    chooseImage(options) {
      const path = `wxfile://tmp/${Date.now()}-${Math.random()}.jpg`
      write(path, Uint8Array.from(globalThis.weappPhoto ?? []).buffer)
      return answer(options, { tempFilePaths: [path] })
    },
    compressImage: (options) => answer(options, { tempFilePath: options.src }),
    previewImage: (options) => answer(options, shown(options.urls[0])),
    /** WeChat's viewer knows tables, texts, slides and PDF, and nothing else. */
    openDocument: (options) => (/\.(docx?|xlsx?|pptx?|pdf)$/.test(options.filePath) ? answer(options, shown(options.filePath)) : refuse(options, 'openDocument:fail filetype not supported')),
    shareFileMessage: (options) => answer(options, shown(options.filePath)),
  }
}

function device(data) {
  const size = { width: innerWidth, height: innerHeight }
  const info = {
    platform: 'devtools', system: 'Android 13', SDKVersion: '3.8.0', version: '8.0.50', language: 'zh_CN', brand: '', model: '',
    windowWidth: size.width, windowHeight: size.height, screenWidth: size.width, screenHeight: size.height, pixelRatio: 2,
    statusBarHeight: 0, fontSizeSetting: 16, deviceOrientation: 'portrait', host: { env: 'WeChat' },
    safeArea: { top: 0, left: 0, bottom: size.height, right: size.width, ...size },
  }
  const launch = { path: data.pages[0], query: {}, scene: 1001 }
  return {
    getSystemInfoSync: () => info,
    getWindowInfo: () => info,
    getDeviceInfo: () => info,
    getAppBaseInfo: () => info,
    getSystemSetting: () => info,
    getAppAuthorizeSetting: () => ({}),
    getMenuButtonBoundingClientRect: () => ({ top: 4, bottom: 36, left: 290, right: 380, width: 90, height: 32 }),
    getLaunchOptionsSync: () => launch,
    getEnterOptionsSync: () => launch,
    getAccountInfoSync: () => ({ miniProgram: { appId: 'touristappid', envVersion: 'develop' } }),
    canIUse: () => true,
    nextTick: (then) => Promise.resolve().then(then),
    getRandomValues: (options) =>
      answer(options, { randomValues: crypto.getRandomValues(new Uint8Array(options.length)).buffer }),
    base64ToArrayBuffer: (text) => Uint8Array.from(atob(text), (c) => c.charCodeAt(0)).buffer,
    arrayBufferToBase64: (bytes) => btoa(String.fromCharCode(...new Uint8Array(bytes))),
    getScreenBrightness: (options) => answer(options, { value: 0.4 }),
    setScreenBrightness: (options) => answer(options, {}),
    setKeepScreenOn: (options) => answer(options, {}),
    scanCode: (options) => answer(options, { result: globalThis.weappScan ?? '' }),
    createInnerAudioContext,
    setInnerAudioOption: (options) => answer(options, {}),
    createSelectorQuery,
  }
}

/** Plays nothing, but fetches each recording and notes it in globalThis.weappHeard. */
function createInnerAudioContext() {
  let ended, failed
  return {
    src: '',
    play() {
      fetch(this.src).then((got) => {
        if (!got.ok) return failed?.({ errMsg: 'not found' })
        ;(globalThis.weappHeard ??= []).push(this.src)
        ended?.()
      })
    },
    onEnded: (then) => (ended = then),
    onError: (then) => (failed = then),
    destroy: () => (ended = failed = undefined),
  }
}

/** Finds nothing: enough for components that only measure themselves. */
function createSelectorQuery() {
  const query = {
    in: () => query,
    select: () => query,
    selectAll: () => query,
    boundingClientRect: (then) => ((query.then_ = then), query),
    exec: (then) => setTimeout(() => (query.then_?.(null), then?.([null]))),
  }
  return query
}

function navigation(pages) {
  const go = (mode) => (options) => {
    pages.open(options.url, mode)
    return answer(options, {})
  }
  return {
    navigateTo: go('push'),
    redirectTo: go('replace'),
    switchTab: go('tab'),
    reLaunch: go('relaunch'),
    navigateBack: (options) => {
      pages.back(options?.delta)
      return answer(options, {})
    },
    setNavigationBarTitle: (options) => {
      pages.setTitle(options.title)
      return answer(options, {})
    },
    pageScrollTo: (options) => {
      scrollTo(0, options.scrollTop ?? 0)
      return answer(options, {})
    },
  }
}

function feedback() {
  const quiet = (options) => answer(options, {})
  return { showToast: quiet, hideToast: quiet, showLoading: quiet, hideLoading: quiet, stopPullDownRefresh: quiet }
}
