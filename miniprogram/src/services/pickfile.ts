/** A text file that the person chooses: from the device on H5, from a chat in the mini-program. */
import { ApiError } from './request'

export interface TextFile {
  name: string
  text: string
}

const LARGEST = 1024 * 1024

/** Undefined when the person gave up. Throws ApiError when it cannot be read or is too large. */
export async function pickText(endings: string[]): Promise<TextFile | undefined> {
  const file = await pick(endings)
  if (file && file.text.length > LARGEST) throw new ApiError(0, 'size', '这个文件太大，不像是细则文件')
  return file
}

const unreadable = () => new ApiError(0, 'file', '这个文件读不了，请换一个')

function pick(endings: string[]): Promise<TextFile | undefined> {
  // #ifdef H5
  return new Promise((resolve, reject) => {
    const field = Object.assign(document.createElement('input'), { type: 'file', accept: endings.map((e) => `.${e}`).join(',') })
    field.addEventListener('cancel', () => resolve(undefined))
    field.addEventListener('change', () => {
      const [file] = field.files ?? []
      if (!file) return resolve(undefined)
      file.text().then((text) => resolve({ name: file.name, text }), () => reject(unreadable()))
    })
    field.click()
  })
  // #endif
  // #ifdef MP-WEIXIN
  // eslint-disable-next-line no-unreachable
  return new Promise((resolve, reject) => {
    uni.chooseMessageFile({
      count: 1,
      type: 'file',
      extension: endings,
      success: ({ tempFiles: [file] }) => {
        if (!file) return resolve(undefined)
        try {
          resolve({ name: file.name, text: String(uni.getFileSystemManager().readFileSync(file.path, 'utf8')) })
        } catch {
          reject(unreadable())
        }
      },
      fail: () => resolve(undefined),
    })
  })
  // #endif
}
