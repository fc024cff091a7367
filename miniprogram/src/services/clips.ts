/**
 * Reading aloud from short recordings, for devices without a voice of their own: the mini-program, and browsers that know no
 * Chinese. The recordings are made when the pages are built (tools/voice) and lie in static/voice; without every one of them nothing
 * is offered.
 */
declare const __VOICE_CLIPS__: string[] | undefined

const there = new Set(typeof __VOICE_CLIPS__ === 'undefined' ? [] : __VOICE_CLIPS__)

const digits = ['0', '1', '2', '3', '4', '5', '6', '7', '8', '9', 'two', 'ten', 'hundred', 'thousand', 'myriad', 'point', 'minus'] as const
const phrases = [
  'points', 'spendable', 'year', 'rank', 'place', 'done', 'spent', 'left', 'cancelled', 'returned', 'recorded', 'plus', 'less', 'review', 'sent', 'kept', 'refused',
] as const

/** Every recording that a sentence may need; tools/voice/words.tsv says what each says. */
export const clipNames = [...digits, ...phrases] as const
export type Clip = (typeof clipNames)[number]

export const hasClips = (): boolean => clipNames.every((name) => there.has(name))

/** How a number of hundredths is read: 10550 → 1 hundred 0 5 point 5. Two of something is 两. */
export function numberClips(hundredths: number): Clip[] {
  const size = Math.abs(Math.round(hundredths))
  const fraction = String(size % 100).padStart(2, '0').replace(/0+$/, '')
  const whole = Math.floor(size / 100)
  const said: Clip[] = whole === 2 && !fraction ? ['two'] : wholeClips(whole)
  return [...(hundredths < 0 ? (['minus'] as const) : []), ...said, ...(fraction ? (['point', ...fraction] as Clip[]) : [])]
}

/** A place among others: 第二, never 第两. */
export const placeClips = (n: number): Clip[] => ['rank', ...wholeClips(n), 'place']

export const pointsClips = (hundredths: number): Clip[] => [...numberClips(hundredths), 'points']

const units = ['', 'ten', 'hundred', 'thousand'] as const

function wholeClips(n: number): Clip[] {
  if (n >= 10_000) {
    const rest = n % 10_000
    const many = Math.floor(n / 10_000)
    return [...(many === 2 ? (['two'] as const) : wholeClips(many)), 'myriad', ...(rest ? [...(rest < 1000 ? (['0'] as const) : []), ...wholeClips(rest)] : [])]
  }
  if (n < 10) return [String(n) as Clip]
  if (n < 20) return ['ten', ...(n % 10 ? [String(n % 10) as Clip] : [])]
  const out: Clip[] = []
  const text = String(n)
  let gap = false
  for (let i = 0; i < text.length; i++) {
    const digit = (text[i] ?? '0') as Clip
    if (digit === '0') {
      gap = true
      continue
    }
    if (gap) out.push('0')
    gap = false
    const unit = units[text.length - 1 - i] || undefined
    out.push(digit === '2' && (unit === 'hundred' || unit === 'thousand') ? 'two' : digit, ...(unit ? [unit] : []))
  }
  return out
}

/** 兑换成功，扣除…分，还剩…分 */
export function receiptClips(total: number, left: number): Clip[] {
  return ['done', 'spent', ...pointsClips(total), 'left', ...pointsClips(left)]
}

let playing: { stop(): void } | undefined

/** Plays recordings one after another, breaking off what was playing. One that cannot be played is left out. */
export function play(names: Clip[]): void {
  playing?.stop()
  if (!hasClips()) return
  // #ifdef MP-WEIXIN
  // Somebody who presses wants to hear it, also with the ring switched off.
  ;(uni as { setInnerAudioOption?(option: object): void }).setInnerAudioOption?.({ obeyMuteSwitch: false })
  // #endif
  const audio = uni.createInnerAudioContext()
  let at = 0
  let over = false
  const stop = (): void => {
    if (!over) audio.destroy()
    over = true
  }
  const next = (): void => {
    if (over) return
    const name = names[at++]
    if (name === undefined) return stop()
    audio.src = `/static/voice/${name}.mp3`
    audio.play()
  }
  audio.onEnded(next)
  audio.onError(next)
  playing = { stop }
  next()
}
