/**
 * The stack of pages. Pages of the tab bar are kept alive as in WeChat; all others end when they leave the stack.
 */
export function createPages({ data, backend, space, ensure }) {
  const stack = []
  const kept = {}
  const stage = document.getElementById('stage')
  const tabs = data.app.tabBar?.list ?? []
  const isTab = (path) => tabs.some((tab) => tab.pagePath === path)
  const call = (page, hook, ...args) => page?.instance[hook]?.(...args)

  /** mode: push · replace · tab (leaves the other tab pages asleep) · relaunch. */
  function open(url, mode) {
    const [address, queryText = ''] = url.split('?')
    const path = absolute(address)
    if (!data.components[path]) throw new Error(`no page ${path}`)
    if (mode === 'push') hide(stack.at(-1))
    else leave(mode === 'replace' ? 1 : stack.length)
    const asleep = kept[path]
    const page = asleep ?? create(path)
    stack.push(page)
    if (!asleep) start(page, Object.fromEntries(new URLSearchParams(queryText)))
    else show(page)
  }

  function back(delta = 1) {
    for (let i = 0; i < delta && stack.length > 1; i++) drop(stack.pop())
    show(stack.at(-1))
  }

  function leave(count) {
    for (let i = 0; i < count && stack.length; i++) {
      const page = stack.pop()
      hide(page)
      if (!kept[page.path]) drop(page)
    }
  }

  function create(path) {
    ensure(path)
    const box = document.createElement('div')
    const slot = document.createElement('span')
    box.className = 'page-box'
    box.appendChild(slot)
    stage.appendChild(box)
    const root = backend.createRoot('page', space, path)
    const instance = root.get()
    instance.route = instance.__route__ = instance.is = path
    const page = { path, box, slot, root, instance }
    if (isTab(path)) kept[path] = page
    return page
  }

  function start(page, query) {
    page.instance.options = query
    page.root.attach(page.box, page.slot)
    call(page, 'onLoad', query)
    show(page)
    call(page, 'onReady')
  }

  function show(page) {
    page.box.style.display = ''
    setTitle(data.components[page.path].navigationBarTitleText ?? data.app.window?.navigationBarTitleText ?? '')
    location.hash = page.path
    drawTabs(page.path)
    page.root.getComponent().triggerPageLifetime('show', [])
    call(page, 'onShow')
  }

  function hide(page) {
    if (!page) return
    call(page, 'onHide')
    page.box.style.display = 'none'
  }

  function drop(page) {
    call(page, 'onUnload')
    page.root.release()
    page.box.remove()
  }

  function absolute(address) {
    if (address.startsWith('/')) return address.slice(1)
    const folder = (stack.at(-1)?.path ?? '').split('/').slice(0, -1)
    return new URL(address, `http://page/${folder.join('/')}/`).pathname.slice(1)
  }

  function drawTabs(current) {
    const bar = document.getElementById('tabbar')
    bar.replaceChildren()
    bar.style.display = isTab(current) ? '' : 'none'
    for (const tab of tabs) {
      const button = document.createElement('div')
      button.textContent = tab.text
      button.style.color = tab.pagePath === current ? data.app.tabBar.selectedColor : data.app.tabBar.color
      button.onclick = () => open(`/${tab.pagePath}`, 'tab')
      bar.appendChild(button)
    }
  }

  function setTitle(title) {
    document.getElementById('nav').textContent = title
  }

  window.addEventListener('scroll', () => {
    const page = document.documentElement
    if (page.scrollTop + page.clientHeight > page.scrollHeight - 60) call(stack.at(-1), 'onReachBottom')
  })

  return { open, back, setTitle, instances: () => stack.map((page) => page.instance) }
}
