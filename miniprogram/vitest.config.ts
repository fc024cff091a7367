import { fileURLToPath } from 'node:url'
import vue from '@vitejs/plugin-vue'
import { defineConfig } from 'vitest/config'

const native = new Set(['view', 'text', 'scroll-view', 'image', 'picker', 'swiper'])

// Pages are compiled as plain Vue: the mini-program's own elements and wot-design-uni's are custom elements here.
export default defineConfig({
  plugins: [
    vue({ template: { compilerOptions: { isCustomElement: (tag) => native.has(tag) || tag.startsWith('wd-') } } }),
  ],
  resolve: { alias: { '@': fileURLToPath(new URL('./src', import.meta.url)) } },
  test: {
    environment: 'happy-dom',
    include: ['test/**/*.test.ts'],
    setupFiles: ['test/setup.ts'],
    pool: 'threads',
    testTimeout: 20_000, // the first mount of a page compiles it, which takes long on a busy machine
  },
})
