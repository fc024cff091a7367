/** The mini-program's shelf: files of its own folder, of which WeChat allows 200 MB. */
import { QUALITY, type Shelf } from './shelf'

const LIMIT = 200 * 1000 * 1000

const files = () => uni.getFileSystemManager()
const folder = () => `${wx.env?.USER_DATA_PATH ?? ''}/hefen-photos`
const fileOf = (name: string) => `${folder()}/${name}.jpg`

function names(): string[] {
  try {
    return files().readdirSync(folder()).filter((f) => f.endsWith('.jpg')).map((f) => f.slice(0, -4))
  } catch {
    return []
  }
}

function read(path: string): Promise<ArrayBuffer> {
  return new Promise((resolve, reject) => {
    files().readFile({ filePath: path, success: (r) => resolve(r.data as ArrayBuffer), fail: () => reject(new Error('file')) })
  })
}

function compressed(path: string): Promise<string> {
  return new Promise((resolve) => {
    uni.compressImage({ src: path, quality: QUALITY * 100, success: (r) => resolve(r.tempFilePath), fail: () => resolve(path) })
  })
}

export const phoneShelf: Shelf = {
  shrink: async (path) => read(await compressed(path)),
  async put(name, bytes) {
    try {
      files().mkdirSync(folder(), true)
    } catch {
      // it is there
    }
    files().writeFileSync(fileOf(name), bytes, 'binary')
  },
  get: (name) => read(fileOf(name)).catch(() => undefined),
  async drop(name) {
    try {
      files().unlinkSync(fileOf(name))
    } catch {
      // it has gone before
    }
  },
  names: async () => names(),
  address: async (name) => (names().includes(name) ? fileOf(name) : ''),
  async room() {
    const sizes = names().map((name) => {
      const stat = files().statSync(fileOf(name), false) as { size?: number }
      return stat.size ?? 0
    })
    return LIMIT - sizes.reduce((sum, n) => sum + n, 0)
  },
}
