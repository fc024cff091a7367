/**
 * Whether this device can read Chinese aloud: a browser with such a voice, which some name only after a moment. Where it cannot
 * no button is shown.
 */
import { readonly, ref } from 'vue'
import { canSpeak } from './platform'

const able = ref(false)

export const speakable = readonly(able)

export function watchVoices(): void {
  if (!canSpeak()) return
  const look = () => (able.value = window.speechSynthesis.getVoices().some((v) => /^(zh|cmn)/i.test(v.lang)))
  look()
  window.speechSynthesis.addEventListener?.('voiceschanged', look)
}
