/**
 * Sound as a list of samples: reading and writing WAV (16 bit, one channel), cutting off silence at both ends, bringing to one
 * loudness, and measuring.
 */

const LOUDNESS = 0.13 // root mean square of what is said, full scale is 1
const PEAK = 0.95
const QUIET = 0.02 // of the peak: below it nothing is said
const LEAD_S = 0.02
const TAIL_S = 0.06
const FADE_S = 0.008

/** { rate, samples } of a WAV file; one that a program wrote to a pipe names no true length. */
export function readWave(bytes) {
  if (bytes.toString('latin1', 0, 4) !== 'RIFF' || bytes.toString('latin1', 8, 12) !== 'WAVE') throw new Error('no WAV file')
  let rate = 0
  for (let at = 12; at + 8 <= bytes.length; ) {
    const name = bytes.toString('latin1', at, at + 4)
    const size = bytes.readUInt32LE(at + 4)
    if (name === 'fmt ') {
      if (bytes.readUInt16LE(at + 10) !== 1 || bytes.readUInt16LE(at + 22) !== 16) throw new Error('not 16 bit of one channel')
      rate = bytes.readUInt32LE(at + 12)
    }
    if (name === 'data') {
      const end = Math.min(bytes.length, at + 8 + size)
      const samples = new Float64Array((end - at - 8) >> 1)
      for (let i = 0; i < samples.length; i++) samples[i] = bytes.readInt16LE(at + 8 + 2 * i) / 32768
      return { rate, samples }
    }
    at += 8 + size + (size % 2)
  }
  throw new Error('no sound in the WAV file')
}

export function writeWave({ rate, samples }) {
  const head = Buffer.alloc(44)
  head.write('RIFF', 0, 'latin1')
  head.writeUInt32LE(36 + 2 * samples.length, 4)
  head.write('WAVEfmt ', 8, 'latin1')
  head.writeUInt32LE(16, 16)
  head.writeUInt16LE(1, 20)
  head.writeUInt16LE(1, 22)
  head.writeUInt32LE(rate, 24)
  head.writeUInt32LE(2 * rate, 28)
  head.writeUInt16LE(2, 32)
  head.writeUInt16LE(16, 34)
  head.write('data', 36, 'latin1')
  head.writeUInt32LE(2 * samples.length, 40)
  const body = Buffer.alloc(2 * samples.length)
  samples.forEach((s, i) => body.writeInt16LE(Math.round(Math.max(-1, Math.min(1, s)) * 32767), 2 * i))
  return Buffer.concat([head, body])
}

const peakOf = (samples) => samples.reduce((most, s) => Math.max(most, Math.abs(s)), 0)
const rmsOf = (samples) => Math.sqrt(samples.reduce((sum, s) => sum + s * s, 0) / (samples.length || 1))

/** Seconds of silence at either end, seconds in all, peak and loudness. */
export function measure({ rate, samples }) {
  const peak = peakOf(samples)
  const loud = (s) => Math.abs(s) > peak * QUIET
  const first = samples.findIndex(loud)
  const last = samples.findLastIndex(loud)
  return { seconds: samples.length / rate, peak, loudness: rmsOf(samples), before: Math.max(0, first) / rate, after: (samples.length - 1 - last) / rate }
}

/** Without the silence at both ends but for a breath, at one loudness, faded in and out. */
export function tidy({ rate, samples }) {
  const { before, after } = measure({ rate, samples })
  const from = Math.max(0, Math.round((before - LEAD_S) * rate))
  const to = Math.min(samples.length, Math.round(samples.length - (after - TAIL_S) * rate))
  const said = samples.slice(from, to)
  const gain = Math.min(LOUDNESS / (rmsOf(said) || 1), PEAK / (peakOf(said) || 1))
  const fade = Math.round(FADE_S * rate)
  return { rate, samples: said.map((s, i) => s * gain * Math.min(1, i / fade, (said.length - 1 - i) / fade)) }
}

/** What is wrong with a recording, in words; empty when nothing is. Encoders add a little silence of their own. */
export function fault(wave) {
  const m = measure(wave)
  if (m.peak < 0.2 || m.loudness < 0.03) return 'is (nearly) silent'
  if (m.seconds < 0.2 || m.seconds > 2) return `is ${m.seconds.toFixed(2)} s long, not 0.2 to 2`
  if (m.before > 0.2 || m.after > 0.25) return `begins or ends with ${Math.max(m.before, m.after).toFixed(2)} s of silence`
  return ''
}
