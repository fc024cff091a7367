/**
 * Where the bytes of photos lie on this device until they are sent: files of the mini-program, IndexedDB in a browser. Both
 * survive a killed app.
 */
// #ifdef H5
import { browserShelf } from './shelf-h5'
// #endif
// #ifdef MP-WEIXIN
import { phoneShelf } from './shelf-mp'
// #endif

export interface Shelf {
  /** A picture of the device made small enough to be sent; throws when it cannot be read. */
  shrink(path: string): Promise<ArrayBuffer>
  put(name: string, bytes: ArrayBuffer): Promise<void>
  get(name: string): Promise<ArrayBuffer | undefined>
  drop(name: string): Promise<void>
  names(): Promise<string[]>
  /** What an image can show; empty when it is not there. */
  address(name: string): Promise<string>
  /** Bytes that still fit, as far as the device tells. */
  room(): Promise<number>
}

/** The longer side of a photo as it is kept and sent; the server stores none larger. */
export const LONG_SIDE = 1600
export const QUALITY = 0.75

let own!: Shelf
// #ifdef H5
own = browserShelf
// #endif
// #ifdef MP-WEIXIN
own = phoneShelf
// #endif
export const shelf: Shelf = own
