/** What the inspection page does: begins, saves each change as a draft, takes up what was left, decides once. */
import { computed, ref } from 'vue'
import { casePaths, inspection } from '@/api/cases'
import type { Inspection, Item, Report } from '@/api/types'
import { groups } from '@/api/village'
import { useLoad } from '@/composables/useLoad'
import { useWrite } from '@/composables/useWrite'
import { today } from '@/services/dates'
import { signedPoints } from '@/services/points'
import { teamRole } from '@/services/session'
import { countGrades, inspected, markSaved, openSheet, setGrade, undo, unsavedLines, type Sheet } from './state'

const OPEN_KEY = 'hefen.team.inspection'
const SAVE_PAUSE_MS = 600

export function useInspection() {
  const village = () => teamRole.value?.village_id ?? ''
  const all = useLoad(() => groups(village()))
  const group = ref('')
  const usual = ref('')
  const id = ref('')
  const sheet = ref<Sheet>()
  const report = ref<Report>()
  const asking = ref(false)
  const saving = useWrite()
  const { busy, message, waiting, send } = useWrite()

  const groupOptions = computed(() => (all.data.value?.items ?? []).map((g) => ({ value: g.id, name: g.name })))
  const grades = computed(() =>
    (inspected.value?.value.grades ?? []).map((g) => ({ value: g.code, name: `${g.name} ${signedPoints(g.points)}` })),
  )
  const counts = computed(() => (sheet.value && inspected.value ? countGrades(sheet.value, inspected.value) : []))
  const saveWord = computed(() => (sheet.value?.unsaved.length ? `${sheet.value.unsaved.length} 户正在存` : '都存好了'))

  async function start(): Promise<void> {
    if (!inspected.value) return
    const body = { item: inspected.value.code, group: group.value, occurred_on: today() }
    const made = await send<Inspection>(casePaths.inspections(village()), body, '开始检查')
    if (!made) return
    id.value = made.id
    uni.setStorageSync(OPEN_KEY, { id: made.id, item: inspected.value, usual: usual.value })
    await takeUp(made)
  }

  /** Takes up an inspection that was begun on this device and not decided. */
  async function resume(): Promise<void> {
    const open = uni.getStorageSync(OPEN_KEY) as { id: string; item: Item; usual: string } | ''
    if (!open || sheet.value || report.value) return
    const kept = await inspection(village(), open.id).catch(() => undefined)
    if (!kept?.can_fill || kept.state !== 'draft') return uni.removeStorageSync(OPEN_KEY)
    inspected.value = open.item
    usual.value = open.usual
    await takeUp(kept)
  }

  async function takeUp(open: Inspection): Promise<void> {
    id.value = open.id
    const lines = open.lines ?? (await inspection(village(), open.id)).lines ?? []
    sheet.value = openSheet(lines, usual.value)
    await save()
  }

  let pause: ReturnType<typeof setTimeout> | undefined

  function change(household: string, grade: string): void {
    if (sheet.value) sheet.value = setGrade(sheet.value, household, grade)
    saveSoon()
  }

  function takeBack(): void {
    if (sheet.value) sheet.value = undo(sheet.value)
    saveSoon()
  }

  function saveSoon(): void {
    clearTimeout(pause)
    pause = setTimeout(() => void save(), SAVE_PAUSE_MS)
  }

  async function save(): Promise<boolean> {
    clearTimeout(pause)
    if (!sheet.value) return false
    const lines = unsavedLines(sheet.value)
    if (lines.length === 0) return true
    const body = { lines: lines.map((l) => ({ household: l.household, rev: l.rev, seen: l.seen, grade: l.grade })) }
    const answer = await saving.send<object>(casePaths.lines(village(), id.value), body, '存检查', 'PUT')
    if (answer) sheet.value = markSaved(sheet.value, lines)
    message.value = saving.message.value
    return answer !== undefined && sheet.value.unsaved.length === 0
  }

  async function decide(): Promise<void> {
    if (!(await save())) return
    const answer = await send<Report>(casePaths.decide(village(), id.value), {}, '记上全组检查')
    asking.value = false
    if (!answer) return
    uni.removeStorageSync(OPEN_KEY)
    report.value = answer
    sheet.value = undefined
  }

  function startOver(): void {
    report.value = undefined
    group.value = ''
  }

  return { all, group, usual, sheet, report, asking, counts, groupOptions, grades, saveWord, busy, message, waiting, start, change, takeBack, decide, startOver, resume }
}
