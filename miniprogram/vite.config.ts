import { createHash } from 'node:crypto'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { defineConfig, type Plugin } from 'vite'
import uniPlugin from '@dcloudio/vite-plugin-uni'

// The plugin is CommonJS: depending on the loader its function is the default or the default's default.
const uni = (uniPlugin as unknown as { default?: typeof uniPlugin }).default ?? uniPlugin

/**
 * The framework's styles name a font and shadow pictures on other hosts. Nothing of ours uses them, and the pages load
 * nothing from elsewhere: they are cut out of every style that is written.
 */
function ownHostOnly(): Plugin {
  const cut = (css: string) =>
    css
      .replace(/@font-face\s*\{[^}]*wd-icons[^}]*\}/g, '')
      .replace(/url\(\s*["']?(?:https?:)?\/\/[^)]*\)/g, 'none')
  return {
    name: 'own-host-only',
    enforce: 'post',
    generateBundle(_, bundle) {
      for (const [name, file] of Object.entries(bundle)) {
        if (file.type !== 'asset') continue
        if (/wd-icons.*\.ttf$/.test(name)) delete bundle[name]
        else if (/\.(css|wxss)$/.test(name)) file.source = cut(String(file.source))
      }
    },
  }
}

/** H5 only: a service worker with the names of all files of the build, for those who work without signal. */
function offlineShell(): Plugin {
  const template = fileURLToPath(new URL('./tools/offline/sw.js', import.meta.url))
  return {
    name: 'offline-shell',
    enforce: 'post',
    generateBundle(_, bundle) {
      if (process.env.UNI_PLATFORM !== 'h5') return
      const files = Object.keys(bundle).filter((name) => /^assets\/.*\.(js|css)$/.test(name)).map((name) => `/${name}`).sort()
      const source = readFileSync(template, 'utf8')
        .replace('__FILES__', JSON.stringify(files))
        .replace('__VERSION__', createHash('sha256').update(files.join()).digest('hex').slice(0, 12))
      this.emitFile({ type: 'asset', fileName: 'sw.js', source })
    },
  }
}

/** The recordings that are there when the pages are built, by their names: see src/services/clips.ts. */
function voiceClips(): string[] {
  const folder = fileURLToPath(new URL('./src/static/voice', import.meta.url))
  return existsSync(folder) ? readdirSync(folder).filter((f) => f.endsWith('.mp3')).map((f) => f.slice(0, -4)) : []
}

export default defineConfig({
  plugins: [uni(), ownHostOnly(), offlineShell()],
  define: { __VOICE_CLIPS__: JSON.stringify(voiceClips()) },
  server: {
    host: '127.0.0.1',
    port: 5173,
    proxy: { '/api': process.env.HEFEN_URL ?? 'http://127.0.0.1:8080' },
  },
})
