/** What the inspection page does: begins, saves each change as a draft, takes up what was left, decides once. */
import { computed, ref } from 'vue'
import { casePaths, inspection } from '@/api/cases'
import type { Decision, Household, Inspection, List } from '@/api/types'
import { groups, households } from '@/api/village'
import { useLoad } from '@/composables/useLoad'
import { useWrite } from '@/composables/useWrite'
import { today } from '@/services/dates'
import { signedPoints } from '@/services/points'
import { teamRole } from '@/services/session'
import { countGrades, inspected, markSaved, newSheet, savedSheet, setGrade, undo, unsavedLines, type Sheet } from './state'

const OPEN_KEY = 'hefen.team.inspection'
const SAVE_PAUSE_MS = 600
const PAGE = 100

export function useInspection() {
  const village = () => teamRole.value?.village_id ?? ''
  const all = useLoad(() => groups(village()))
  const group = ref('')
  const usual = ref('')
  const id = ref('')
  const sheet = ref<Sheet>()
  const report = ref<Decision[]>([])
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
    const list = await everyone(village(), group.value)
    const body = { item: inspected.value.code, group_id: group.value, occurred_on: today() }
    const made = await send<Inspection>(casePaths.inspections(village()), body, '开始检查')
    if (!made) return
    id.value = made.id
    uni.setStorageSync(OPEN_KEY, { id: made.id, item: inspected.value })
    sheet.value = newSheet(list, usual.value)
    await save()
  }

  /** Takes up an inspection that was begun on this device and not decided. */
  async function resume(): Promise<void> {
    const open = uni.getStorageSync(OPEN_KEY) as { id: string; item: typeof inspected.value } | ''
    if (!open || sheet.value || report.value.length) return
    const kept = await inspection(village(), open.id).catch(() => undefined)
    if (!kept || kept.state !== 'draft') return uni.removeStorageSync(OPEN_KEY)
    id.value = kept.id
    inspected.value = open.item
    sheet.value = savedSheet(kept.lines)
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
    const body = { lines: lines.map((l) => ({ household_id: l.household_id, grade: l.grade })) }
    const answer = await saving.send<object>(casePaths.lines(village(), id.value), body, '存检查', 'PUT')
    if (answer) sheet.value = markSaved(sheet.value, lines)
    message.value = saving.message.value
    return answer !== undefined && sheet.value.unsaved.length === 0
  }

  async function decide(): Promise<void> {
    if (!(await save())) return
    const answer = await send<{ items: Decision[] }>(casePaths.decide(village(), id.value), {}, '记上全组检查')
    asking.value = false
    if (!answer) return
    uni.removeStorageSync(OPEN_KEY)
    report.value = answer.items
    sheet.value = undefined
  }

  function startOver(): void {
    report.value = []
    group.value = ''
  }

  return { all, group, usual, sheet, report, asking, counts, groupOptions, grades, saveWord, busy, message, waiting, start, change, takeBack, decide, startOver, resume }
}

/** All households of a group, page by page. */
async function everyone(village: string, group: string): Promise<Household[]> {
  const found: Household[] = []
  let cursor = ''
  do {
    const page: List<Household> = await households(village, { group, cursor, limit: PAGE })
    found.push(...page.items)
    cursor = page.next
  } while (cursor)
  return found
}
