/**
 * Reading amounts aloud from short recordings, for the mini-program, which has no voice of its own. The recordings lie in
 * src/keeper/static/voice/ as NAME.mp3; docs/counter.md lists the names. What is there is known when the pages are built: without
 * every one of them nothing is offered.
 */
declare const __VOICE_CLIPS__: string[] | undefined

const there = new Set(typeof __VOICE_CLIPS__ === 'undefined' ? [] : __VOICE_CLIPS__)

const digits = ['0', '1', '2', '3', '4', '5', '6', '7', '8', '9']

/** Every recording that a sentence may need. */
export const clipNames = [...digits, 'ten', 'hundred', 'thousand', 'myriad', 'point', 'minus', 'points', 'done', 'spent', 'left', 'cancelled'] as const

export const hasClips = (): boolean => clipNames.every((name) => there.has(name))

/** How a number of hundredths is read: 10550 → 1 hundred 0 5 point 5. */
export function numberClips(hundredths: number): string[] {
  const size = Math.abs(Math.round(hundredths))
  const fraction = String(size % 100).padStart(2, '0').replace(/0+$/, '')
  const whole = Math.floor(size / 100)
  return [...(hundredths < 0 ? ['minus'] : []), ...wholeClips(whole), ...(fraction ? ['point', ...fraction] : [])]
}

const units = ['', 'ten', 'hundred', 'thousand']

function wholeClips(n: number): string[] {
  if (n >= 10_000) {
    const rest = n % 10_000
    return [...wholeClips(Math.floor(n / 10_000)), 'myriad', ...(rest ? [...(rest < 1000 ? ['0'] : []), ...wholeClips(rest)] : [])]
  }
  if (n < 10) return [String(n)]
  if (n < 20) return ['ten', ...(n % 10 ? [String(n % 10)] : [])]
  const out: string[] = []
  const text = String(n)
  let gap = false
  for (let i = 0; i < text.length; i++) {
    const digit = text[i] ?? '0'
    if (digit === '0') {
      gap = true
      continue
    }
    if (gap) out.push('0')
    gap = false
    out.push(digit, units[text.length - 1 - i] ?? '')
  }
  return out.filter(Boolean)
}

/** 兑换成功，扣除…分，还剩…分 */
export function receiptClips(total: number, left: number): string[] {
  return ['done', 'spent', ...numberClips(total), 'points', 'left', ...numberClips(left), 'points']
}

let playing: { stop(): void } | undefined

/** Plays recordings one after another, breaking off what was playing. */
export function play(names: string[]): void {
  playing?.stop()
  if (!hasClips()) return
  const audio = uni.createInnerAudioContext()
  let at = 0
  const next = (): void => {
    const name = names[at++]
    if (name === undefined) return audio.destroy()
    audio.src = `/keeper/static/voice/${name}.mp3`
    audio.play()
  }
  audio.onEnded(next)
  audio.onError(next)
  playing = { stop: () => audio.destroy() }
  next()
}
