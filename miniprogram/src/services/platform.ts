/** What this device can do: scanning exists in the mini-program only, speech on H5 only where the browser has it. */

export function canScan(): boolean {
  let able = false
  // #ifdef MP-WEIXIN
  able = true
  // #endif
  return able
}

/** The text of a code, or an empty string when the person gave up or refused the camera: typing always remains. */
export function scan(): Promise<string> {
  return new Promise((resolve) => {
    uni.scanCode({
      scanType: ['qrCode', 'barCode'],
      success: (r) => resolve(String(r.result ?? '')),
      fail: () => resolve(''),
    })
  })
}

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
