import { ref } from 'vue'
import type { Entry } from '@/api/types'

/** The entry of the passbook that is being held against a seal. */
export const checking = ref<Entry>()
