/**
 * Photos: chosen or taken on the device, made smaller by it where it can, and sent one by one before the record that they
 * prove. The server knows a photo by its content, so sending one again does no harm.
 */
import type { Upload } from '@/api/types'
import { ApiError, apiBase, upload } from './request'

const TRIES = 3
const PAUSE_MS = 1500

/** Sends a picture, again after a pause when no answer came. Throws ApiError with a sentence for the person. */
export async function sendPhoto(village: string, file: string): Promise<string> {
  for (let attempt = 1; ; attempt++) {
    try {
      return (await upload<Upload>(`/villages/${village}/photos`, file)).photo ?? ''
    } catch (e) {
      if (attempt === TRIES || (e instanceof ApiError && e.definite)) throw e
      await new Promise((done) => setTimeout(done, PAUSE_MS * attempt))
    }
  }
}

/** The whole address of a link that the server gave. */
export function photoAddress(link: string): string {
  return apiBase().replace(/\/api$/, '') + link
}
