import { computed, reactive } from 'vue'
import { sendPhoto } from '@/services/photos'
import { choosePictures } from '@/services/platform'
import { messageOf } from '@/services/request'

/** A photo on its way to the server. */
export interface Sending {
  /** On the device. */
  path: string
  /** The server's id once it is there. */
  photo: string
  problem: string
}

/** Photos of something being written: taken or chosen, sent one after the other as they are added. */
export function usePhotos(village: () => string, most = 9) {
  const photos = reactive<Sending[]>([])
  const underway = computed(() => photos.some((p) => !p.photo && !p.problem))
  const problem = computed(() => photos.find((p) => p.problem)?.problem ?? '')
  let sending = false

  async function add(): Promise<void> {
    const room = most - photos.length
    if (room <= 0) return
    for (const path of (await choosePictures(room)).slice(0, room)) photos.push({ path, photo: '', problem: '' })
    await sendAll()
  }

  /** A weak signal carries one photo better than three. */
  async function sendAll(): Promise<void> {
    if (sending) return
    sending = true
    try {
      for (let next = waiting(); next; next = waiting()) {
        try {
          next.photo = await sendPhoto(village(), next.path)
        } catch (e) {
          next.problem = messageOf(e)
        }
      }
    } finally {
      sending = false
    }
  }

  const waiting = () => photos.find((p) => !p.photo && !p.problem)

  function again(): void {
    for (const p of photos) p.problem = ''
    void sendAll()
  }

  const remove = (index: number) => void photos.splice(index, 1)
  const clear = () => void photos.splice(0)

  return { photos, underway, problem, add, again, remove, clear }
}
