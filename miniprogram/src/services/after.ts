/** Where a person goes after logging in: to choosing whom when there is a choice, else to the first page. */
import { replace, restart } from './nav'
import { choices, landing, type Signed } from './session'

export function goOn(signed: Signed): void {
  if (signed.choose_pin) return replace('/pages/settings/pin', { first: '1' })
  if (choices(signed.people) > 1) return restart('/pages/login/who')
  restart(landing())
}
