/** What the inspection page does: begins, keeps each tap on the device, takes up what was left, makes drafts of it at the end. */
import { computed, ref } from 'vue'
import type { Inspection, Item } from '@/api/types'
import { inspection, inspections } from '@/api/cases'
import { useLoad } from '@/composables/useLoad'
import { today } from '@/services/dates'
import { draftsOf, findDraft, keepDraft } from '@/services/drafts'
import { fieldGroups, fieldScheme, freshenField, keptHouseholds } from '@/services/fieldbook'
import { inspectable } from '@/services/items'
import { signedPoints } from '@/services/points'
import { randomId } from '@/services/random'
import { ApiError, messageOf } from '@/services/request'
import { ledGroups, teamRole, userId } from '@/services/session'
import { syncDrafts } from '@/services/sync'
import type { Proof } from '../draft'
import { countGrades, draftsOfSheet, lackingPhoto, openSheet, returnedSheet, setGrade, setProofs, undo, type GradeChoice, type Sheet } from './state'

const OPEN_KEY = 'hefen.team.inspection'

export function useInspection() {
  const village = () => teamRole.value?.village_id ?? ''
  const all = useLoad(async () => {
    const [groups, rules] = await Promise.all([fieldGroups(village()), fieldScheme(village())])
    return { groups: groups.items, items: rules.items.filter(inspectable) }
  })
  const group = ref('')
  const code = ref('')
  const usual = ref('')
  const sheet = ref<Sheet>()
  /** request_id of the submission, once all is seen. */
  const submitted = ref('')
  const asking = ref(false)
  const busy = ref(false)
  const message = ref('')

  const groupOptions = computed(() => {
    const led = ledGroups(village())
    return (all.data.value?.groups ?? []).filter((g) => !led.length || led.includes(g.id)).map((g) => ({ value: g.id, name: g.name }))
  })
  const itemOptions = computed(() => (all.data.value?.items ?? []).map((i) => ({ value: i.code, name: i.name })))
  /** What is looked at; where the rules have only one thing that is graded, that. */
  const item = computed(() => {
    const items = all.data.value?.items ?? []
    return items.find((i) => i.code === code.value) ?? (items.length === 1 ? items[0] : undefined)
  })
  const gradesOf = (it: Item | undefined): GradeChoice[] =>
    (it?.value.grades ?? []).map((g) => ({ value: g.code, name: `${g.name} ${signedPoints(g.points)}`, word: g.name, points: `${signedPoints(g.points)}分` }))
  const grades = computed(() => gradesOf(sheet.value?.item ?? item.value))
  const counts = computed(() => (sheet.value ? countGrades(sheet.value) : []))
  const lacking = computed(() => (sheet.value ? lackingPhoto(sheet.value) : []))

  async function start(): Promise<void> {
    if (!item.value || busy.value) return
    busy.value = true
    message.value = ''
    try {
      await freshenField(village())
      const known = keptHouseholds(village())
      if (known.length === 0) throw new ApiError(0, 'fieldbook', '手机里还没有名册，请先在有网的地方打开一次工作台')
      const households = known.filter((h) => h.group_id === group.value && !h.own)
      if (households.length === 0) throw new ApiError(0, 'fieldbook', '这个组没有要您查的户，请换一个组')
      const groupName = groupOptions.value.find((g) => g.value === group.value)?.name ?? ''
      keep(openSheet({ request: await randomId(), item: item.value, group: group.value, groupName, day: today() }, households, usual.value))
    } catch (e) {
      message.value = messageOf(e)
    } finally {
      busy.value = false
    }
  }

  /** What was handed in from here and given back, or begun on another device; nothing without signal. */
  const back = useLoad(async () => (await inspections(village(), 'draft').catch(() => ({ items: [] as Inspection[] }))).items)
  const handingIn = computed(() => draftsOf(userId()).value.some((d) => d.kind === 'submit_inspection' && d.state !== 'sent'))
  const takeUpOptions = computed(() =>
    handingIn.value ? [] : (back.data.value ?? []).filter((i) => i.author === userId()).map((i) => ({ id: i.id, name: `${all.data.value?.groups.find((g) => g.id === i.group)?.name ?? '全村'}：${i.item_name}`, day: i.occurred_on })),
  )

  async function takeUp(id: string): Promise<void> {
    if (busy.value) return
    busy.value = true
    message.value = ''
    try {
      const one = await inspection(village(), id)
      const what = all.data.value?.items.find((i) => i.code === one.item)
      if (!one.can_fill || !what) throw new ApiError(0, 'inspection', '这次检查不能再改了')
      keep(returnedSheet(one, what, all.data.value?.groups.find((g) => g.id === one.group)?.name ?? '全村', await randomId()))
    } catch (e) {
      message.value = messageOf(e)
    } finally {
      busy.value = false
    }
  }

  function keep(next: Sheet): void {
    try {
      uni.setStorageSync(OPEN_KEY, JSON.parse(JSON.stringify(next)))
    } catch {
      message.value = '手机空间不够，刚才这一下没有存上，请先送出等着的'
    }
    sheet.value = next
  }

  /** Takes up what was begun on this device and not handed in. */
  function resume(): void {
    const open = uni.getStorageSync(OPEN_KEY) as Sheet | ''
    if (open && open.request && !sheet.value) sheet.value = open
  }

  const change = (household: string, grade: string) => sheet.value && keep(setGrade(sheet.value, household, grade))
  const takeBack = () => sheet.value && keep(undo(sheet.value))
  const photos = (household: string, proofs: Proof[]) => sheet.value && keep(setProofs(sheet.value, household, proofs))

  async function handIn(): Promise<void> {
    if (!sheet.value || busy.value) return
    busy.value = true
    message.value = ''
    try {
      const drafts = draftsOfSheet(sheet.value, village(), userId(), today())
      for (const d of drafts) await keepDraft(d.draft, d.id)
      submitted.value = drafts[drafts.length - 1]?.id ?? ''
      uni.removeStorageSync(OPEN_KEY)
      sheet.value = undefined
      void syncDrafts(userId())
    } catch (e) {
      message.value = messageOf(e)
    } finally {
      asking.value = false
      busy.value = false
    }
  }

  /** A refused inspection is taken up again; what the server has of it is changed, not made anew. */
  function mend(): void {
    const form = findDraft(submitted.value)?.form as Sheet | undefined
    submitted.value = ''
    if (form) keep(mended(form))
  }

  function discard(): void {
    uni.removeStorageSync(OPEN_KEY)
    sheet.value = undefined
  }

  function startOver(): void {
    submitted.value = ''
    group.value = ''
  }

  function pick(to: string): void {
    code.value = to
    usual.value = ''
  }

  return { all, back, takeUpOptions, takeUp, item, itemOptions, pick, group, usual, sheet, submitted, asking, counts, lacking, groupOptions, grades, busy, message, start, change, takeBack, photos, handIn, mend, discard, startOver, resume }
}

/** A sheet that was refused, to be handed in once more. */
export function mended(form: Sheet): Sheet {
  const made = form.made || findDraft(form.request)?.answer?.made || ''
  return { ...form, made, rev: form.rev + 1, history: [] }
}
