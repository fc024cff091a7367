/** A QR code as a picture that every image element shows: a GIF of square dots. */
import { encodeQR } from 'qr'

export function qrPicture(text: string): string {
  const bytes = encodeQR(text, 'gif', { scale: 8, border: 2 })
  return `data:image/gif;base64,${uni.arrayBufferToBase64(bytes.slice().buffer as ArrayBuffer)}`
}
