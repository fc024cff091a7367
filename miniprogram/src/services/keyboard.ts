/**
 * H5 only: what the mini-program gets from WeChat. Everything that can be tapped can be reached with the tab key and
 * pressed with enter or blank, and the pictures of the tab bar, whose words stand below, are no news to a screen reader.
 */
const PRESSABLE = '[role=button], [role=radio], [role=checkbox], .wd-button, .uni-tabbar__item'
const REACHABLE = '[tabindex="0"], input, textarea, button, a[href]'

export function serveKeyboard(): void {
  document.addEventListener('keydown', (event) => {
    const target = event.target as HTMLElement | null
    if (!target?.matches?.(PRESSABLE) || (event.key !== 'Enter' && event.key !== ' ')) return
    event.preventDefault()
    target.click()
  })
  new MutationObserver(mark).observe(document.body, { childList: true, subtree: true })
  mark()
}

function mark(): void {
  for (const element of document.querySelectorAll<HTMLElement>(PRESSABLE)) {
    if (element.tabIndex !== 0) element.tabIndex = 0
    if (!element.hasAttribute('role')) element.setAttribute('role', 'button')
  }
  // A long page with nothing to press must still be reached, to be scrolled.
  for (const page of document.querySelectorAll<HTMLElement>('.hf-page')) {
    const wants = page.querySelector(REACHABLE) ? -1 : 0
    if (page.tabIndex !== wants) page.tabIndex = wants
  }
  for (const picture of document.querySelectorAll('uni-tabbar img:not([alt])')) picture.setAttribute('alt', '')
  // The framework keeps a picture's name outside, on its own element.
  for (const picture of document.querySelectorAll('uni-image img:not([alt])')) {
    picture.setAttribute('alt', picture.closest('uni-image')?.getAttribute('aria-label') ?? '')
  }
}
