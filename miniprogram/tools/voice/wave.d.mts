export interface Wave {
  rate: number
  samples: Float64Array
}
export function readWave(bytes: Uint8Array): Wave
export function writeWave(wave: Wave): Uint8Array
export function tidy(wave: Wave): Wave
export function fault(wave: Wave): string
export function measure(wave: Wave): { seconds: number; peak: number; loudness: number; before: number; after: number }
