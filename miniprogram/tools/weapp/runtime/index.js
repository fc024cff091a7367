/**
 * Starts a packed mini-program: sets up glass-easel the way WeChat behaves, the globals that compiled code expects,
 * then runs app.js and opens the first page.
 */
import * as adapter from 'glass-easel-miniprogram-adapter'
import { createModules } from './modules.js'
import { createPages } from './pages.js'
import { createWx } from './wx.js'

const { glassEasel } = adapter
const data = globalThis.weappData

glassEasel.globalOptions.useMethodCallerListeners = true
joinClassArrays()
keepDetail()

const env = new adapter.MiniProgramEnv()
const space = env.createCodeSpace('', true)
for (const [path, config] of Object.entries(data.components)) {
  space.addComponentStaticConfig(path, { ...config, styleIsolation: 'shared' })
  const template = data.templates[path]
  if (template) space.addCompiledTemplate(path, { groupList: data.templates, content: template })
}

const modules = createModules(data.modules)
const backend = env.associateBackend(createBackend())
const registry = createRegistry()
const pages = createPages({ data, backend, space, ensure: registry.ensure })

globalThis.global = globalThis
globalThis.getRegExp = (pattern, flags = '') => new RegExp(pattern, flags)
globalThis.getDate = (...args) => new Date(...args)
globalThis.getCurrentPages = () => pages.instances()
globalThis.wx = createWx({ data, pages })

const app = {}
globalThis.App = (options) => Object.assign(app, options)
globalThis.getApp = () => app

modules.load('app.js')
const launch = globalThis.wx.getLaunchOptionsSync()
app.onLaunch?.(launch)
app.onShow?.(launch)
globalThis.weappOpen = (url) => pages.open(url, 'relaunch')
pages.open(`/${data.pages[0]}`, 'push')

/** WeChat joins class="{{[a, b]}}" with blanks; glass-easel would join with commas. */
function joinClassArrays() {
  const joined = (value) => String(value).replace(/,/g, ' ')
  for (const type of [glassEasel.Element, glassEasel.NativeNode, glassEasel.Component]) {
    const property = Object.getOwnPropertyDescriptor(type.prototype, 'class')
    if (property?.set) {
      Object.defineProperty(type.prototype, 'class', {
        ...property,
        set(value) {
          property.set.call(this, joined(value))
        },
      })
    }
    if (!Object.prototype.hasOwnProperty.call(type.prototype, 'setNodeClass')) continue
    const setNodeClass = type.prototype.setNodeClass
    type.prototype.setNodeClass = function (value, ...rest) {
      return setNodeClass.call(this, joined(value), ...rest)
    }
  }
}

/** WeChat hands listeners an event of their own with its detail; glass-easel's derives from a shared one and only inherits it. */
function keepDetail() {
  const { wrapShadowedEvent } = glassEasel.Event.prototype
  glassEasel.Event.prototype.wrapShadowedEvent = function (...args) {
    return Object.assign(wrapShadowedEvent.apply(this, args), { detail: this.detail, type: this.type })
  }
}

/** The browser's own window as backend; what is typed arrives as WeChat's detail.value, Enter as confirm. */
function createBackend() {
  const context = new glassEasel.CurrentWindowBackendContext()
  const dispatch = (target, type, detail, options) => {
    const event = new glassEasel.Event(type, detail, options)
    glassEasel.Event.dispatchEvent(target, event)
    return event.getEventBubbleStatus()
  }
  context.onEvent((target, type, detail, options) => {
    const field = options.originalEvent?.target
    const typed = field instanceof HTMLInputElement || field instanceof HTMLTextAreaElement
    return dispatch(target, type, typed && type !== 'tap' ? { value: field.value } : detail, options)
  })
  document.addEventListener('keydown', (event) => {
    const field = event.target
    if (event.key !== 'Enter' || !(field instanceof HTMLInputElement) || !field.__wxElement) return
    dispatch(field.__wxElement, 'confirm', { value: field.value }, { bubbles: false, originalEvent: event })
  })
  // A new value from data must show even after a person has typed.
  new MutationObserver((changes) => {
    for (const { target } of changes) if (target instanceof HTMLInputElement) target.value = target.getAttribute('value')
  }).observe(document, { subtree: true, attributeFilter: ['value'] })
  return context
}

/** Runs a component's module once, with Page, Component and Behavior bound to that component. */
function createRegistry() {
  const ready = new Set()
  let current
  const known = (options) => ({ ...options, behaviors: (options.behaviors ?? []).filter((b) => b && typeof b !== 'string') })

  globalThis.Behavior = (options) => current.Behavior(known(options))
  globalThis.Component = (options) => current.Component(known(options))
  globalThis.Page = (options) => {
    const methods = Object.fromEntries(Object.entries(options).filter(([, value]) => typeof value === 'function'))
    return current.Component({ ...known(options), data: options.data ?? {}, methods })
  }

  function ensure(path) {
    if (ready.has(path)) return
    ready.add(path)
    for (const used of Object.values(data.components[path].usingComponents)) ensure(used.slice(1))
    space.componentEnv(path, (componentEnv) => {
      const outer = current
      current = componentEnv
      try {
        modules.load(`${path}.js`)
      } finally {
        current = outer
      }
    })
  }
  return { ensure }
}
