/**
 * Reading aloud: by the browser's own voice where it has a Chinese one (some name theirs only after a moment), else from
 * recordings. Where there is neither no button is shown.
 */
import { computed, ref } from 'vue'
import { hasClips, play, type Clip } from './clips'
import { canSpeak, speak } from './platform'

const able = ref(false)

export const audible = computed(() => able.value || hasClips())

/** Called once, at the start of the app. */
export function watchVoices(): void {
  if (!canSpeak()) return
  const look = () => (able.value = window.speechSynthesis.getVoices().some((v) => /^(zh|cmn)/i.test(v.lang)))
  look()
  window.speechSynthesis.addEventListener?.('voiceschanged', look)
}

/** What is said, in words and as recordings, which know no names. */
export interface Said {
  text: string
  clips: Clip[]
}

/** Breaks off what was being said. */
export function readAloud(said: Said): void {
  if (able.value) speak(said.text)
  else play(said.clips)
}
