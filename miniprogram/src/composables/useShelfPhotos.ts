import { computed, reactive } from 'vue'
import { keepPhoto, type KeptPhoto } from '@/services/album'
import { choosePictures } from '@/services/platform'
import { messageOf } from '@/services/request'
import type { Sending } from './usePhotos'

/** A picture as hf-shots shows it; photo is its hash once it is kept. */
export interface Shelved extends Sending {
  size: number
}

/** Photos of something that may have to wait for a signal: kept on the device as they are taken, and sent with what they prove. */
export function useShelfPhotos(most = 9) {
  const photos = reactive<Shelved[]>([])
  const underway = computed(() => photos.some((p) => !p.photo && !p.problem))
  const problem = computed(() => photos.find((p) => p.problem)?.problem ?? '')
  /** Those that are kept, as a draft names them. */
  const kept = computed<KeptPhoto[]>(() => photos.filter((p) => p.photo).map((p) => ({ sha256: p.photo, size: p.size })))

  async function add(): Promise<void> {
    const room = most - photos.length
    if (room <= 0) return
    for (const path of (await choosePictures(room)).slice(0, room)) photos.push({ path, photo: '', problem: '', size: 0 })
    await keepAll()
  }

  async function keepAll(): Promise<void> {
    for (const p of photos.filter((p) => !p.photo && !p.problem)) {
      try {
        const { sha256, size } = await keepPhoto(p.path)
        if (photos.some((o) => o.photo === sha256)) photos.splice(photos.indexOf(p), 1) // the same picture chosen twice
        else Object.assign(p, { photo: sha256, size })
      } catch (e) {
        p.problem = messageOf(e)
      }
    }
  }

  function again(): void {
    for (const p of photos) p.problem = ''
    void keepAll()
  }

  const remove = (index: number) => void photos.splice(index, 1)
  const clear = () => void photos.splice(0)

  return { photos, kept, underway, problem, add, again, remove, clear }
}
