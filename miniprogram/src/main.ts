import { createSSRApp } from 'vue'
import App from './App.vue'

/** uni-app calls this once for each app it starts. */
export function createApp() {
  const app = createSSRApp(App)
  return { app }
}
