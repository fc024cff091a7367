import { mount } from '@vue/test-utils'
import { describe, expect, it } from 'vitest'
import HfChoices from '@/components/hf-choices.vue'
import HfEntry from '@/components/hf-entry.vue'
import HfState from '@/components/hf-state.vue'
import HfStepper from '@/components/hf-stepper.vue'
import { letterScale, setLetterStep } from '@/services/settings'
import { store } from './setup'

describe('components', () => {
  it('a stepper stays between none and the limit', async () => {
    const stepper = mount(HfStepper, { props: { modelValue: 2, max: 2, name: '肥皂' } })
    const [less, more] = stepper.findAll('.knob')
    await more!.trigger('tap')
    expect(stepper.emitted('update:modelValue')).toBeUndefined()
    await less!.trigger('tap')
    expect(stepper.emitted('update:modelValue')).toEqual([[1]])
  })

  it('a state shows waiting, failure with a way on, emptiness with advice, else the content', async () => {
    const state = mount(HfState, { props: { loading: true }, slots: { default: '内容' } })
    expect(state.text()).toContain('正在取')
    await state.setProps({ loading: false, error: '网络不通' })
    expect(state.text()).toContain('网络不通')
    expect(state.text()).toContain('再试一次')
    await state.setProps({ error: '', empty: '还没有记录', advice: '去做件好事' })
    expect(state.text()).toContain('去做件好事')
    await state.setProps({ empty: '' })
    expect(state.text()).toBe('内容')
  })

  it('the choice taken carries a tick, not only a colour', () => {
    const choices = mount(HfChoices, { props: { modelValue: 'b', label: '等次', options: [{ value: 'a', name: '好' }, { value: 'b', name: '差' }] } })
    expect(choices.findAll('.choice').map((c) => c.find('.hf-icon').exists())).toEqual([false, true])
  })

  it('an entry shows sign, balance and reasons', () => {
    const entry = { id: '1', kind: 'issue', kind_name: '得分', title: '打扫卫生', amount: 150, balance_after: 2000, wallet: 's', wallet_name: '可兑积分', bucket: 'available' as const, score: 150, lines: [], counted_on: '2025-01-02', occurred_on: '2025-01-02', created_at: 0, reasons: ['本月第1次'] }
    const shown = mount(HfEntry, { props: { entry } }).text()
    for (const part of ['打扫卫生', '+1.5分', '可兑积分余 20分', '本月第1次', '2025年1月2日']) expect(shown).toContain(part)
  })

  it('an entry whose points only moved within the wallet says where they went, not nothing', () => {
    const line = (bucket: string, amount: number) => ({ wallet: 's', wallet_name: '可兑积分', bucket, amount, balance_after: 0 })
    const entry = (lines: object[]) => ({ id: '1', kind: 'hold', kind_name: '预约占用', title: '预约：香皂', amount: 0, balance_after: 7800, wallet: 's', wallet_name: '可兑积分', bucket: 'available', score: 0, lines, counted_on: '2025-01-02', occurred_on: '2025-01-02', created_at: 0, reasons: [] })
    const shown = (lines: object[]) => mount(HfEntry, { props: { entry: entry(lines) as never } }).find('.amount').text()
    expect(shown([line('available', -500), line('held', 500)])).toBe('留着 5分')
    expect(shown([line('held', -500), line('available', 500)])).toBe('放回 5分')
    expect(shown([line('available', -1500), line('pending', 1500)])).toBe('冻结 15分')
    expect(shown([])).toBe('0分')
  })

  it('large letters are kept on the device', () => {
    setLetterStep(2)
    expect(letterScale.value).toBe(1.4)
    expect(store.get('hefen.letters')).toBe(2)
    setLetterStep(0)
  })
})
