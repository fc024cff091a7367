import { computed } from 'vue'
import { ownSpans } from '@/api/seasons'
import { spanAt, spanKinds, spanName, type SpanKind } from '@/services/spans'
import { useLoad } from './useLoad'

/** A kind of span to choose: those of the calendar, and the village's own where its rules have any. */
export type AnyKind = SpanKind | 'own'

/** The spans that a village may be looked at by. Before load() has answered, those of the calendar. */
export function useSpans(village: () => string) {
  const { data, load } = useLoad(() => ownSpans(village()))
  const own = computed(() => data.value?.items ?? [])
  const names = computed(() => [...new Set(own.value.map((s) => s.name))])
  const kinds = computed<{ value: AnyKind; name: string }[]>(() =>
    own.value.length ? [...spanKinds, { value: 'own', name: names.value.length === 1 ? names.value[0]! : '村里定的' }] : spanKinds,
  )
  /** The span of a kind so many before (below 0) the latest; empty where there is none. */
  const at = (kind: AnyKind, back = 0): string => (kind === 'own' ? (own.value[-back]?.span ?? '') : spanAt(kind, back))
  const nameOf = (span: string): string => {
    const named = own.value.find((s) => s.span === span)
    return named ? `${named.name} ${spanName(span)}` : spanName(span)
  }
  return { own, kinds, at, nameOf, load }
}
