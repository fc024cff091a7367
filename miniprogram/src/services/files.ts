/**
 * Giving a person a file: the browser saves it; the mini-program opens tables and PDF with WeChat's own viewer and pictures large, from where they can
 * be kept or sent on. What WeChat cannot show is handed to a chat of the person's own choice.
 */
import { ApiError, getFile } from './request'

// #ifdef MP-WEIXIN
/** What WeChat's viewer opens, of what the pages give. */
const VIEWABLE = ['xlsx', 'pdf']
// #endif

export async function keepFile(path: string, name: string): Promise<void> {
  const bytes = await getFile(path)
  keepBytes(bytes, name)
}

export function keepBytes(bytes: ArrayBuffer | string, name: string): void {
  // #ifdef H5
  const link = document.createElement('a')
  link.href = URL.createObjectURL(new Blob([bytes]))
  link.download = name
  document.body.append(link)
  link.click()
  link.remove()
  setTimeout(() => URL.revokeObjectURL(link.href), 60_000)
  // #endif
  // #ifdef MP-WEIXIN
  const target = `${wx.env?.USER_DATA_PATH ?? ''}/${name}`
  try {
    uni.getFileSystemManager().writeFileSync(target, bytes, typeof bytes === 'string' ? 'utf8' : 'binary')
  } catch {
    throw new ApiError(0, 'space', '手机空间不够，请清理一下再试')
  }
  const ending = name.split('.').at(-1) ?? ''
  if (ending === 'png' || ending === 'jpg') uni.previewImage({ urls: [target] })
  else if (VIEWABLE.includes(ending)) uni.openDocument({ filePath: target, showMenu: true })
  else if (wx.shareFileMessage) wx.shareFileMessage({ filePath: target, fileName: name })
  else throw new ApiError(0, 'old_wechat', '这个微信版本太旧，转不了这种文件，请更新微信再试')
  // #endif
}

/** A picture of the API as something an image can show. */
export async function pictureOf(path: string): Promise<string> {
  const bytes = new Uint8Array(await getFile(path))
  const kind = bytes[0] === 0xff ? 'jpeg' : 'png'
  return `data:image/${kind};base64,${uni.arrayBufferToBase64(bytes.buffer as ArrayBuffer)}`
}
