/// <reference types="vite/client" />

declare module '*.vue' {
  import type { DefineComponent } from 'vue'
  const component: DefineComponent<object, object, unknown>
  export default component
}

interface ImportMetaEnv {
  /** Where a mini-program finds the server, e.g. https://jifen.example.gov.cn/api. H5 always uses its own origin. */
  readonly VITE_API_BASE?: string
}

/** The mini-program's own global; absent on H5. */
declare const wx: {
  env?: { USER_DATA_PATH: string }
  getRandomValues?(o: { length: number; success(r: { randomValues: ArrayBuffer }): void; fail(): void }): void
  openPrivacyContract?(o: object): void
  shareFileMessage?(o: { filePath: string; fileName: string }): void
  onNeedPrivacyAuthorization?(
    listener: (resolve: (answer: { event: 'agree' | 'disagree' | 'exposureAuthorization'; buttonId?: string }) => void, info?: { referrer?: string }) => void,
  ): void
}
