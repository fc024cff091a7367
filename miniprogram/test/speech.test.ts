import { afterEach, describe, expect, it, vi } from 'vitest'

afterEach(() => vi.unstubAllGlobals())

describe('reading aloud', () => {
  const withVoices = (...langs: string[]) => {
    let heard = () => {}
    const voices = langs.map((lang) => ({ lang }))
    vi.stubGlobal('speechSynthesis', { getVoices: () => voices, addEventListener: (_: string, hear: () => void) => (heard = hear) })
    return { add: (lang: string) => (voices.push({ lang }), heard()) }
  }

  it('is offered only where there is a Chinese voice, also one that is named late', async () => {
    const { add } = withVoices('en-US')
    const { audible, watchVoices } = await import('@/services/speech')
    watchVoices()
    expect(audible.value).toBe(false)
    add('zh-CN')
    expect(audible.value).toBe(true)
  })

  it('plays recordings one after another where there is no voice, and the next sentence breaks them off', async () => {
    const { clipNames } = await import('@/services/clips')
    vi.stubGlobal('__VOICE_CLIPS__', [...clipNames])
    vi.resetModules()
    const audios: { src: string; gone: boolean; ended: () => void }[] = []
    Object.assign(uni, {
      createInnerAudioContext: () => {
        const audio = { src: '', gone: false, ended: () => {}, play: () => {}, destroy: () => (audio.gone = true), onEnded: (then: () => void) => (audio.ended = then), onError: () => {} }
        audios.push(audio)
        return audio
      },
    })
    const { audible, readAloud } = await import('@/services/speech')
    expect(audible.value).toBe(true)
    readAloud({ text: '', clips: ['spent', '5'] })
    const [first] = audios
    expect(first!.src).toBe('/static/voice/spent.mp3')
    first!.ended()
    expect(first!.src).toBe('/static/voice/5.mp3')
    readAloud({ text: '', clips: ['left'] })
    expect(first!.gone).toBe(true)
    first!.ended()
    expect(first!.src).toBe('/static/voice/5.mp3')
    audios[1]!.ended()
    expect(audios[1]!.gone).toBe(true)
  })
})

describe('recordings', () => {
  const RATE = 16_000
  const tone = (before: number, said: number, after: number, size = 0.4) =>
    Float64Array.from({ length: (before + said + after) * RATE }, (_, i) => (i >= before * RATE && i < (before + said) * RATE ? size * Math.sin(i / 4) : 0))

  it('are trimmed to what is said and brought to one loudness', async () => {
    const { measure, readWave, tidy, writeWave } = await import('../tools/voice/wave.mjs')
    const loud = measure(tidy({ rate: RATE, samples: tone(0.5, 0.4, 0.7) }))
    const soft = measure(tidy(readWave(writeWave({ rate: RATE, samples: tone(0.1, 0.4, 0.3, 0.05) }))))
    expect(loud.seconds).toBeCloseTo(0.48, 1)
    expect(soft.seconds).toBeCloseTo(0.48, 1)
    expect(soft.loudness).toBeCloseTo(loud.loudness, 2)
  })

  it('that are silent, too short, too long or not trimmed are refused', async () => {
    const { fault } = await import('../tools/voice/wave.mjs')
    const wrong = (...t: Parameters<typeof tone>) => fault({ rate: RATE, samples: tone(...t) })
    expect(wrong(0, 0.5, 0)).toBe('')
    expect(wrong(0, 0.5, 0, 0.001)).toContain('silent')
    expect(wrong(0, 0.1, 0)).toContain('long')
    expect(wrong(0, 2.1, 0)).toContain('long')
    expect(wrong(0.4, 0.5, 0)).toContain('silence')
  })
})
