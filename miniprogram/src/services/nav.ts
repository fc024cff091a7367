/** Moving between pages by their paths; values travel in the query as text. */

export function open(path: string, query: Record<string, string> = {}): void {
  uni.navigateTo({ url: withQuery(path, query) })
}

export function replace(path: string, query: Record<string, string> = {}): void {
  uni.redirectTo({ url: withQuery(path, query) })
}

/** Leaves everything behind; also right for pages of the tab bar. */
export function restart(path: string): void {
  uni.reLaunch({ url: path })
}

/** A page of the tab bar. */
export function tab(path: string): void {
  uni.switchTab({ url: path })
}

/** One page back, or to a given page when this one was opened directly. */
export function back(fallback = '/pages/home/index'): void {
  if (getCurrentPages().length > 1) uni.navigateBack({})
  else restart(fallback)
}

function withQuery(path: string, query: Record<string, string>): string {
  const text = Object.entries(query)
    .map(([key, value]) => `${key}=${encodeURIComponent(value)}`)
    .join('&')
  return text ? `${path}?${text}` : path
}
