/** How large the letters are: one of three steps, kept on the device. */
import { computed, ref } from 'vue'

const KEY = 'hefen.letters'

export const letterSteps = [
  { name: '标准', scale: 1 },
  { name: '大字', scale: 1.2 },
  { name: '特大', scale: 1.4 },
] as const

const step = ref(readStep())

export const letterStep = computed(() => step.value)
export const letterScale = computed(() => letterSteps[step.value]?.scale ?? 1)

export function setLetterStep(index: number): void {
  step.value = Math.min(Math.max(0, index), letterSteps.length - 1)
  uni.setStorageSync(KEY, step.value)
  applyToDocument()
}

/** On H5 the bars at top and bottom lie outside our pages and take the scale from the document. */
export function applyToDocument(): void {
  // #ifdef H5
  document.documentElement.style.setProperty('--fs', String(letterScale.value))
  // #endif
}

function readStep(): number {
  const kept = Number(uni.getStorageSync(KEY))
  return kept === 1 || kept === 2 ? kept : 0
}
