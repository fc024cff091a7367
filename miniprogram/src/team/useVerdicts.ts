import { computed, ref } from 'vue'
import { draftsOf, dropDraft, findDraft, keepDraft, type DraftBody, type DraftKind, type FieldDraft } from '@/services/drafts'
import { messageOf } from '@/services/request'
import { userId, whoAmI } from '@/services/session'
import { sending, syncDrafts } from '@/services/sync'

/**
 * What an official or a member of the panel says of what lies in a list: kept on the device first, whatever the signal, and sent when there
 * is one. message says why it was refused, where that is known at once; what is refused later stands in the list and in 今天的记录.
 */
export function useVerdicts(village: () => string, ...kinds: DraftKind[]) {
  const busy = ref(false)
  const message = ref('')
  const mine = computed(() => draftsOf(whoAmI.value?.user_id ?? '').value.filter((d) => kinds.includes(d.kind)))

  /** What was said here of a thing, the newest; line tells the lines of a sample apart. */
  const said = (target: string, line?: number): FieldDraft | undefined =>
    mine.value.filter((d) => (d.body.target ?? d.body.telling?.household) === target && (line === undefined || d.body.line === line)).at(-1)

  /** The draft, sent or waiting; undefined when it was refused at once, or could not be kept. */
  async function say(kind: DraftKind, label: string, body: DraftBody): Promise<FieldDraft | undefined> {
    if (busy.value) return undefined
    busy.value = true
    message.value = ''
    try {
      const { request_id: id } = await keepDraft({ kind, village: village(), user: userId(), label, body })
      await syncDrafts(userId())
      const now = findDraft(id)
      if (now?.state !== 'refused') return now
      message.value = now.reason ?? ''
      dropDraft(id)
    } catch (e) {
      message.value = messageOf(e)
    } finally {
      busy.value = false
    }
    return undefined
  }

  /** Before it has come to the village it can be taken back; what was refused is forgotten. */
  function takeBack(d: FieldDraft | undefined): void {
    if (d && d.state !== 'sent' && !sending.value) dropDraft(d.request_id)
  }

  return { busy, message, said, say, takeBack }
}
