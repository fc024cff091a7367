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

export default defineConfig({
  plugins: [uni(), ownHostOnly()],
  server: {
    host: '127.0.0.1',
    port: 5173,
    proxy: { '/api': process.env.HEFEN_URL ?? 'http://127.0.0.1:8080' },
  },
})
