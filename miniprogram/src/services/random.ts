/** 128 bits from the device's secure source as 32 hex digits: the name of a write that must not happen twice. */
export async function randomId(): Promise<string> {
  const bytes = await secureBytes(16)
  return Array.from(bytes, (b) => b.toString(16).padStart(2, '0')).join('')
}

function secureBytes(length: number): Promise<Uint8Array> {
  const web = (globalThis as { crypto?: Crypto }).crypto
  if (typeof web?.getRandomValues === 'function') return Promise.resolve(web.getRandomValues(new Uint8Array(length)))
  return new Promise((resolve) => {
    const give = () => resolve(mixedBytes(length))
    if (typeof wx === 'undefined' || !wx.getRandomValues) return give()
    wx.getRandomValues({ length, success: (r) => resolve(new Uint8Array(r.randomValues)), fail: give })
  })
}

/** For phones too old for either source: ids need only be unlike one another, they are no secret. */
function mixedBytes(length: number): Uint8Array {
  const clock = Date.now()
  return Uint8Array.from({ length }, (_, i) => (Math.random() * 256) ^ ((clock / 2 ** (8 * (i % 6))) & 255))
}
