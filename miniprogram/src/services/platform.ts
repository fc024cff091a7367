/** What this device can do: scanning by WeChat's camera or, on H5, by the browser's; speech on H5 only where there is a voice. */
// #ifdef H5
import { hasCamera, scanPhoto, scanWithCamera } from './camera'
// #endif

export function canScan(): boolean {
  let able = false
  // #ifdef MP-WEIXIN
  able = true
  // #endif
  // #ifdef H5
  able = hasCamera()
  // #endif
  return able
}

/** Whether a code can be read from a photo: on H5, also where the camera itself is not allowed. */
export function canScanPhoto(): boolean {
  let able = false
  // #ifdef H5
  able = typeof createImageBitmap === 'function'
  // #endif
  return able
}

/**
 * The text of a code, or an empty string when the person gave up or refused the camera: typing always remains. Throws on H5
 * when the browser or the person refuses the camera, so that a page can say so.
 */
export function scan(): Promise<string> {
  // #ifdef H5
  return scanWithCamera()
  // #endif
  // #ifndef H5
  // eslint-disable-next-line no-unreachable
  return new Promise((resolve) => {
    uni.scanCode({
      scanType: ['qrCode', 'barCode'],
      success: (r) => resolve(String(r.result ?? '')),
      fail: () => resolve(''),
    })
  })
  // #endif
}

/** The text of a code in a photo, or an empty string. */
export function scanFromPhoto(): Promise<string> {
  // #ifdef H5
  return scanPhoto()
  // #endif
  // #ifndef H5
  // eslint-disable-next-line no-unreachable
  return Promise.resolve('')
  // #endif
}

/** Whether a page can be sent to a printer. */
export function canPrint(): boolean {
  let able = false
  // #ifdef H5
  able = typeof window !== 'undefined' && typeof window.print === 'function' && !inWeChatBrowser()
  // #endif
  return able
}

export function print(): void {
  // #ifdef H5
  window.print()
  // #endif
}

/** Prints a whole page that the server made for A4 paper. */
export function printSheet(html: ArrayBuffer): void {
  // #ifdef H5
  const frame = document.createElement('iframe')
  frame.className = 'hf-photo'
  frame.setAttribute('aria-hidden', 'true')
  frame.addEventListener('load', () => {
    const page = frame.contentWindow
    page?.addEventListener('afterprint', () => frame.remove())
    page?.focus()
    page?.print()
  })
  frame.srcdoc = new TextDecoder().decode(html)
  document.body.append(frame)
  // #endif
}

/** The pages run inside WeChat's browser. */
export function inWeChatBrowser(): boolean {
  let inside = false
  // #ifdef H5
  inside = typeof navigator !== 'undefined' && /MicroMessenger/i.test(navigator.userAgent)
  // #endif
  return inside
}

/** What the list of sessions calls this device. */
export function deviceName(): string {
  let name = '微信小程序'
  // #ifdef H5
  const agent = typeof navigator === 'undefined' ? '' : navigator.userAgent
  const kind = /iPhone|iPad/i.test(agent) ? '苹果手机' : /Android|HarmonyOS/i.test(agent) ? '安卓手机' : '电脑'
  name = inWeChatBrowser() ? `${kind}（微信里的网页）` : `${kind}（网页）`
  // #endif
  return name
}

/** Pictures of the device's own, taken now or chosen, as small as the device can make them; none when refused or given up. */
export function choosePictures(count: number): Promise<string[]> {
  return new Promise((resolve) => {
    uni.chooseImage({
      count,
      sizeType: ['compressed'],
      sourceType: ['camera', 'album'],
      success: (r) => resolve(([] as string[]).concat(r.tempFilePaths)),
      fail: () => resolve([]),
    })
  })
}

/** Shows pictures large, beginning with one of them. */
export function showLarge(pictures: string[], first: string): void {
  uni.previewImage({ urls: pictures, current: first })
}

/** As bright as it goes while a code is shown, and awake; then as before. Browsers allow only the second. */
export function shine(on: boolean): void {
  // #ifdef MP-WEIXIN
  if (on) {
    if (before < 0) uni.getScreenBrightness({ success: (r) => (before = (r as { value: number }).value) })
    uni.setScreenBrightness({ value: 1 })
  } else if (before >= 0) {
    uni.setScreenBrightness({ value: before })
    before = -1
  }
  uni.setKeepScreenOn({ keepScreenOn: on })
  // #endif
  // #ifdef H5
  void awake(on)
  // #endif
}

// #ifdef MP-WEIXIN
let before = -1
// #endif

// #ifdef H5
let lock: { release(): Promise<void> } | undefined

async function awake(on: boolean): Promise<void> {
  try {
    await lock?.release()
    lock = on ? await (navigator as { wakeLock?: { request(kind: 'screen'): Promise<{ release(): Promise<void> }> } }).wakeLock?.request('screen') : undefined
  } catch {
    lock = undefined // the page is not in front, or the battery is low
  }
}
// #endif

export function canSpeak(): boolean {
  let able = false
  // #ifdef H5
  able = typeof window !== 'undefined' && 'speechSynthesis' in window
  // #endif
  return able
}

/** Reads aloud, breaking off what was being said. */
export function speak(text: string): void {
  if (!canSpeak()) return
  const words = new SpeechSynthesisUtterance(text)
  words.lang = 'zh-CN'
  words.rate = 0.85
  window.speechSynthesis.cancel()
  window.speechSynthesis.speak(words)
}

/** Whether WeChat can be asked to let a message be sent. */
export function asksWeChat(): boolean {
  let able = false
  // #ifdef MP-WEIXIN
  able = typeof uni.requestSubscribeMessage === 'function'
  // #endif
  return able
}

/** Asks for one message of each template; gives those that the person agreed to. Only from a tap. */
export function requestReminders(templates: string[]): Promise<string[]> {
  return new Promise((resolve) => {
    uni.requestSubscribeMessage({
      tmplIds: templates,
      success: (answer) => resolve(templates.filter((t) => (answer as unknown as Record<string, string>)[t] === 'accept')),
      fail: () => resolve([]),
    })
  })
}
