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
    const { speakable, watchVoices } = await import('@/services/speech')
    watchVoices()
    expect(speakable.value).toBe(false)
    add('zh-CN')
    expect(speakable.value).toBe(true)
  })
})
