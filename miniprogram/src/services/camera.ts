/**
 * H5 only: reads a QR code with the camera, where the browser allows one (https or this very machine), or from a photo. The
 * decoder is fetched when it is first needed.
 */
type Decode = (image: { width: number; height: number; data: Uint8ClampedArray }, options?: { effort?: number; timeLimit?: number }) => string

const LONG_SIDE = 640
const PHOTO_LONG_SIDE = 1280
const EVERY_MS = 180

export function hasCamera(): boolean {
  return typeof window !== 'undefined' && window.isSecureContext && typeof navigator.mediaDevices?.getUserMedia === 'function'
}

async function decoder(): Promise<Decode> {
  return (await import('./qr')).default as Decode
}

/** The text of the code before the camera, or empty when the person gave up or the camera was refused. */
export async function scanWithCamera(): Promise<string> {
  const [decode, stream] = await Promise.all([
    decoder(),
    navigator.mediaDevices.getUserMedia({ video: { facingMode: 'environment' }, audio: false }).catch(() => undefined),
  ])
  if (!stream) throw new Error('camera')
  const stage = show(stream)
  try {
    return await watch(stage, decode)
  } finally {
    stream.getTracks().forEach((track) => track.stop())
    stage.layer.remove()
  }
}

interface Stage {
  layer: HTMLElement
  video: HTMLVideoElement
  shut: HTMLButtonElement
}

/** A dark layer over the page: what the camera sees, one sentence, and a way out. */
function show(stream: MediaStream): Stage {
  const layer = document.createElement('div')
  layer.className = 'hf-camera'
  layer.setAttribute('role', 'dialog')
  layer.setAttribute('aria-label', '扫码')
  const video = document.createElement('video')
  video.setAttribute('playsinline', '')
  video.muted = true
  video.srcObject = stream
  const words = document.createElement('p')
  words.textContent = '把卡片上的码对准中间，离近一点'
  const shut = document.createElement('button')
  shut.textContent = '不扫了，自己填'
  layer.append(video, words, shut)
  document.body.append(layer)
  shut.focus()
  void video.play().catch(() => undefined)
  return { layer, video, shut }
}

function watch({ video, shut }: Stage, decode: Decode): Promise<string> {
  return new Promise((resolve) => {
    const timer = setInterval(() => {
      const text = read(video, video.videoWidth, video.videoHeight, LONG_SIDE, decode, {})
      if (text) end(text)
    }, EVERY_MS)
    const end = (text: string) => {
      clearInterval(timer)
      resolve(text)
    }
    shut.addEventListener('click', () => end(''))
  })
}

function read(source: CanvasImageSource, width: number, height: number, longSide: number, decode: Decode, options: object): string {
  if (!width || !height) return ''
  const scale = Math.min(1, longSide / Math.max(width, height))
  const canvas = document.createElement('canvas')
  canvas.width = Math.round(width * scale)
  canvas.height = Math.round(height * scale)
  const context = canvas.getContext('2d', { willReadFrequently: true })
  if (!context) return ''
  context.drawImage(source, 0, 0, canvas.width, canvas.height)
  try {
    return decode(context.getImageData(0, 0, canvas.width, canvas.height), options)
  } catch {
    return '' // no code in this picture
  }
}

/** Reads the code from a photo that the person takes or chooses; empty when none is chosen or no code is in it. */
export async function scanPhoto(): Promise<string> {
  const file = await pickPhoto()
  if (!file) return ''
  const [decode, bitmap] = await Promise.all([decoder(), createImageBitmap(file).catch(() => undefined)])
  if (!bitmap) return ''
  for (const side of [PHOTO_LONG_SIDE, LONG_SIDE]) {
    const text = read(bitmap, bitmap.width, bitmap.height, side, decode, { effort: 8, timeLimit: 1500 })
    if (text) return text
  }
  return ''
}

function pickPhoto(): Promise<File | undefined> {
  return new Promise((resolve) => {
    const input = document.createElement('input')
    input.type = 'file'
    input.accept = 'image/*'
    input.className = 'hf-photo'
    input.addEventListener('change', () => done(input.files?.[0]))
    input.addEventListener('cancel', () => done(undefined))
    const done = (file?: File) => {
      input.remove()
      resolve(file)
    }
    document.body.append(input)
    input.click()
  })
}
