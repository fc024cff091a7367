/** Fetched by the browser only when a photo is kept: a chunk of its own under a plain name. */
export { createStore, del, get, keys, set } from 'idb-keyval'
